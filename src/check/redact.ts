import type { BrokenFlow, Report } from './rule.ts';

/**
 * The report with roles in place of addresses: `client-1:40510 → server-1:443`, so that it can be public. Whatever other
 * addresses its lines hold (of tunnels, of who sent an ICMP error) become `other-1` and so on.
 */
export function redacted(report: Report): Report {
  const roles = new Roles();
  for (const flow of report.results.flatMap(({ flows }) => flows)) {
    roles.of(split(flow.client).address, 'client');
    roles.of(split(flow.server).address, 'server');
  }
  const results = report.results.map((result) => ({
    ...result,
    flows: result.flows.map((flow) => redactedFlow(flow, roles)),
  }));
  return { ...report, results };
}

type Kind = 'client' | 'server' | 'other';

/** What stands for each address. */
class Roles {
  private readonly roles = new Map<string, string>();
  private readonly counts = { client: 0, server: 0, other: 0 };

  /** The role of an address; one of this kind where it has none yet. */
  of(address: string, kind: Kind): string {
    let role = this.roles.get(address);
    if (role === undefined) {
      role = `${kind}-${++this.counts[kind]}`;
      this.roles.set(address, role);
    }
    return role;
  }
}

/** An IPv4 address, or an IPv6 one: with `::` or eight groups, which no time of day has. A port may follow behind a dot. */
const ADDRESS =
  /(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}(?!\d)|(?=[\da-f:]*::)[\da-f:]+(?:(?:\.\d{1,3}){3}(?!\d))?|(?:[\da-f]{1,4}:){7}[\da-f]{1,4})/g;

function redactedFlow(flow: BrokenFlow, roles: Roles): BrokenFlow {
  const client = split(flow.client);
  const server = split(flow.server);
  const replaced = (text: string): string => text.replace(ADDRESS, (address) => roles.of(address, 'other'));
  return {
    ...flow,
    client: `${roles.of(client.address, 'client')}:${client.port}`,
    server: `${roles.of(server.address, 'server')}:${server.port}`,
    values: replaced(flow.values),
    why: flow.why.map(replaced),
    lines: flow.lines.map(replaced),
  };
}

function split(endpoint: string): { address: string; port: string } {
  const at = endpoint.lastIndexOf(':');
  return { address: endpoint.slice(0, at).replace(/^\[|\]$/g, ''), port: endpoint.slice(at + 1) };
}
