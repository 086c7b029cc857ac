/**
 * TCP ports that Zeek takes for a server's when it has to guess who opened a connection: `likely_server_ports` as the
 * scripts that Zeek loads by default fill it.
 */
const LIKELY_SERVERS: ReadonlySet<number> = new Set([
  ...[20000, 21, 22, 25, 53, 79, 80, 81, 88, 110, 113, 135, 139, 143, 389, 443, 445, 502, 563, 585, 587, 614, 631, 636],
  ...[
    989, 990, 992, 993, 995, 1080, 1883, 2811, 3128, 3268, 3389, 5222, 5223, 5269, 5432, 6379, 6666, 6667, 6668, 6669,
  ],
  ...[8000, 8080, 8888],
]);

/** Ports on which people type: Zeek lets these connections rest for an hour (base/protocols/conn/inactivity.zeek). */
const PATIENT: ReadonlySet<number> = new Set([21, 22, 23, 513]);

export function isLikelyServer(port: number): boolean {
  return LIKELY_SERVERS.has(port);
}

export function isPatient(port: number): boolean {
  return PATIENT.has(port);
}
