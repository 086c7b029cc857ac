import type { BrokenFlow, Report } from './rule.ts';

/** The report with roles in place of addresses: `client-1:40510 → server-1:443`, so that it can be public. */
export function redacted(report: Report): Report {
  const roles = new Map<string, string>();
  const counts = { client: 0, server: 0 };
  const roleOf = (address: string, side: 'client' | 'server'): string => {
    let role = roles.get(address);
    if (role === undefined) {
      role = `${side}-${++counts[side]}`;
      roles.set(address, role);
    }
    return role;
  };
  const results = report.results.map((result) => ({
    ...result,
    flows: result.flows.map((flow) => redactedFlow(flow, roleOf)),
  }));
  return { ...report, results };
}

function redactedFlow(flow: BrokenFlow, roleOf: (address: string, side: 'client' | 'server') => string): BrokenFlow {
  const client = split(flow.client);
  const server = split(flow.server);
  const roles = [
    [client.address, roleOf(client.address, 'client')],
    [server.address, roleOf(server.address, 'server')],
  ] as const;
  const replaced = (text: string): string =>
    // The longer address first: 10.0.0.1 is the beginning of 10.0.0.12.
    [...roles]
      .sort(([a], [b]) => b.length - a.length)
      .reduce((line, [address, role]) => line.replaceAll(address, role), text);
  return {
    ...flow,
    client: `${roles[0][1]}:${client.port}`,
    server: `${roles[1][1]}:${server.port}`,
    values: replaced(flow.values),
    why: flow.why.map(replaced),
    lines: flow.lines.map(replaced),
  };
}

function split(endpoint: string): { address: string; port: string } {
  const at = endpoint.lastIndexOf(':');
  return { address: endpoint.slice(0, at).replace(/^\[|\]$/g, ''), port: endpoint.slice(at + 1) };
}
