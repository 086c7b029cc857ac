import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import type { FlowRecord } from '../../src/index.ts';
import { pcapOf, REFUSED, THREE_WAY } from './captures.ts';
import { interrupted, lastack, shell, useLastack } from './lastack.ts';

const { folder } = useLastack();
const WEB = join(folder, 'web.pcap');
const CUT = join(folder, 'cut.pcap');
const TEXT = join(folder, 'notes.txt');
const MANY = join(folder, 'many.pcap');
const MANY_FLOWS = 3000;

beforeAll(() => {
  const web = pcapOf([THREE_WAY], [REFUSED, { clientPort: 40511, serverPort: 81 }]);
  writeFileSync(WEB, web);
  writeFileSync(CUT, web.subarray(0, web.length - 7));
  writeFileSync(TEXT, 'no capture, but long enough to be one\n');
  const many = Array.from({ length: MANY_FLOWS }, (_, i) => [THREE_WAY, { clientPort: 1024 + i }] as const);
  writeFileSync(MANY, pcapOf(...many.map(([script, options]) => [script, options] as [typeof script, typeof options])));
});

/** The records of newline-delimited JSON. */
function flows(out: string): FlowRecord[] {
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe('analyze', () => {
  test('is the command when none is named', async () => {
    const [short, long] = await Promise.all([lastack([WEB]), lastack(['analyze', WEB])]);
    expect(short).toEqual(long);
    expect(short.status).toBe(0);
  });

  test('prints a page for a person, no line longer than 80 columns, and no escapes into a pipe', async () => {
    const { out, error } = await lastack([WEB]);
    expect(error).toBe('');
    expect(out).not.toContain('\x1b');
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(out).toMatchSnapshot();
  });

  test.each([
    [['--flow', '2'], '2 of 10 in 1 flow, 0 B of payload'],
    [['--where', 'close.pattern == "three-way"'], '8 of 10 in 1 flow, 400 B of payload'],
    [['--where', 'false'], '0 of 10 in 0 flows, 0 B of payload'],
  ])('the page counts segments of the flows that were asked for: %j', async (args, counts) => {
    expect((await lastack([WEB, ...args])).out).toContain(`  segments        ${counts}\n`);
  });

  test('colours where it is told to', async () => {
    expect((await lastack([WEB, '--color', 'always'])).out).toContain('\x1b[');
    expect((await lastack([WEB], { env: { FORCE_COLOR: '1' } })).out).toContain('\x1b[');
    expect((await lastack([WEB, '--color', 'never'], { env: { FORCE_COLOR: '1' } })).out).not.toContain('\x1b[');
  });

  test('ndjson is a flow a line; --capture-record adds the capture', async () => {
    const { out } = await lastack([WEB, '-f', 'ndjson', '--capture-record', '--sort', 'flow']);
    const lines = out.trim().split('\n');
    expect(flows(lines.slice(0, 2).join('\n')).map((flow) => [flow.flow, flow.close.pattern])).toEqual([
      [1, 'three-way'],
      [2, 'refused'],
    ]);
    expect(JSON.parse(lines[2]!)).toMatchObject({
      inputs: [{ path: WEB, format: 'pcap', linkTypes: [1], records: 10, sha256: expect.any(String) }],
      capture: { records: 10, tcpSegments: 10, findings: [{ code: 'half-open-peak', values: { peak: 1 } }] },
    });
  });

  test('json is one document', async () => {
    const document = JSON.parse((await lastack([WEB, '-f', 'json'])).out);
    expect(Object.keys(document)).toEqual(['lastack', 'inputs', 'capture', 'flows']);
    expect(document.lastack).toBe(packageJson.version);
    expect(document.flows.map((flow: FlowRecord) => flow.flow)).toEqual([1, 2]);
  });

  test('a document without flows is JSON too', async () => {
    expect(JSON.parse((await lastack([WEB, '-f', 'json', '--flow', '9'])).out).flows).toEqual([]);
  });

  test('csv has a header line, and as many cells in each line', async () => {
    const { out } = await lastack([WEB, '-f', 'csv']);
    const [header, ...lines] = out.trim().split('\n');
    expect(header).toContain('handshake.outcome');
    expect(header).toContain('fromClient.bytes');
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line.split(',')).toHaveLength(header!.split(',').length);
  });

  test('--sort and --top choose flows', async () => {
    const { out } = await lastack([WEB, '-f', 'ndjson', '--sort', 'worst', '--top', '1']);
    expect(flows(out).map((flow) => flow.handshake.outcome)).toEqual(['refused']);
  });

  test('--flow prints those flows alone', async () => {
    expect(flows((await lastack([WEB, '-f', 'ndjson', '--flow', '2'])).out).map((flow) => flow.flow)).toEqual([2]);
  });

  test.each([
    '-f json',
    '-f ndjson',
    '-f text',
    'timeline',
    'timeline -f ndjson',
    "timeline --where 'true'",
    'extract',
    'check --pack no-loss',
  ])('a flow that is not there is a mistake: %s', async (command) => {
    const { status, out, error } = await shell(`lastack ${command} --flow 7,9,7 '${WEB}'`);
    expect(status).toBe(2);
    expect(error.split('\n')[0]).toBe('lastack: there are no flows 7, 9: there are 2');
    if (command === '-f json') expect(JSON.parse(out).flows).toEqual([]);
    if (command.endsWith('ndjson')) expect(out).toBe('');
  });

  test('the flows that are there are printed beside one that is not', async () => {
    const { status, out, error } = await lastack([WEB, '-f', 'ndjson', '--flow', '2,3']);
    expect(flows(out).map((flow) => flow.flow)).toEqual([2]);
    expect([status, error]).toEqual([2, 'lastack: there is no flow 3: there are 2\n']);
    const compared = await lastack(['diff', WEB, WEB, '--flow', '3']);
    expect([compared.status, compared.error]).toEqual([
      2,
      `lastack: ${WEB}: there is no flow 3: there are 2\n`.repeat(2),
    ]);
  });

  test('--from and --to leave out what lies outside', async () => {
    const { out } = await lastack([WEB, '-f', 'ndjson', '--flow', '1', '--from', '2023-11-14T22:13:20.011Z']);
    expect(flows(out)[0]).toMatchObject({ firstFrame: 3, handshake: { outcome: 'not-captured' } });
  });

  test('what --from and --to leave out is counted', async () => {
    const times = ['--from', '2023-11-14T22:13:20.011Z', '--to', '2023-11-14T22:13:21Z'];
    const { out } = await lastack([WEB, ...times]);
    expect(out).toContain(
      '  records         6 of 10 in 23.0 ms from 2023-11-14 22:13:20 UTC\n  left out        4 records by time (--from, --to)\n',
    );
    const document = JSON.parse((await lastack([WEB, '-f', 'json', ...times])).out);
    expect(document.capture).toMatchObject({ records: 10, outsideTime: 4, tcpSegments: 6 });
  });

  test('--msl says how long TIME_WAIT lasts', async () => {
    const { out } = await lastack([WEB, '-f', 'ndjson', '--flow', '1', '--msl', '120']);
    const { since, until } = flows(out)[0]!.close.timeWait!;
    expect(Date.parse(until) - Date.parse(since)).toBe(240_000);
  });

  test('standard input and gzip are told by content', async () => {
    const plain = await lastack(['-f', 'ndjson', WEB]);
    const packed = await lastack(['-f', 'ndjson', '-'], { input: gzipSync(readFileSync(WEB)) });
    expect(packed).toEqual(plain);
  });

  test('several captures are one: records name the file they are in', async () => {
    const parts = join(folder, 'parts');
    mkdirSync(parts);
    writeFileSync(join(parts, 'a.pcap'), pcapOf([THREE_WAY.slice(0, 4)]));
    writeFileSync(join(parts, 'b.pcap'), pcapOf([REFUSED, { clientPort: 40511 }]));
    const { out } = await lastack(['-f', 'ndjson', '--sort', 'flow', parts]);
    expect(
      flows(out)
        .map(({ file, fileFrame }) => [file?.slice(parts.length + 1), fileFrame])
        .sort(),
    ).toEqual([
      ['a.pcap', 1],
      ['b.pcap', 1],
    ]);
  });

  test('-o writes a file, but never over a capture', async () => {
    const file = join(folder, 'flows.ndjson');
    expect(await lastack([WEB, '-f', 'ndjson', '-o', file])).toEqual({ status: 0, out: '', error: '' });
    expect(flows(readFileSync(file, 'utf8'))).toHaveLength(2);
    const refused = await lastack([WEB, '-o', WEB]);
    expect(refused).toMatchObject({ status: 2, error: `lastack: ${WEB}: is one of the captures\n` });
    expect(readFileSync(WEB)).toHaveLength(readFileSync(CUT).length + 7);
  });
});

test.each(['-f text', 'timeline', 'extract --flow 1'])(
  'a path that can not be written to is told in one line, whatever it holds: %s',
  async (command) => {
    writeFileSync(join(folder, 'two\nlines\x1b[31m'), readFileSync(WEB));
    const { out, error } = await shell(
      `cd '${folder}'; two=$'two\\nlines\\e[31m'; lastack ${command} "$two" -o "$two"; lastack ${command} "$two" -o "no-$two/x"`,
    );
    expect(out).toBe('');
    expect(error).toBe(
      'lastack: two\\x0alines\\x1b[31m: is one of the captures\n' +
        "lastack: no-two\\x0alines\\x1b[31m/x: can't be written: no such file or directory\n",
    );
  },
);

test.each(['-f text', '-f ndjson', 'timeline', "timeline --where 'true'", 'extract', 'diff there'])(
  'a capture in a directory is not written over either: %s',
  async (command) => {
    const result = await shell(
      `cd '${folder}'; mkdir -p there; cp web.pcap there; lastack ${command} there -o there/web.pcap; cmp web.pcap there/web.pcap`,
    );
    expect(result).toEqual({ status: 0, out: '', error: 'lastack: there/web.pcap: is one of the captures\n' });
  },
);

describe('timeline', () => {
  test("is tcpdump's lines, and what each segment did beside them", async () => {
    expect((await lastack(['timeline', WEB])).out).toMatchSnapshot();
  });

  test('--no-annotate leaves the bare lines', async () => {
    const { out } = await lastack(['timeline', '--no-annotate', '--flow', '2', '-t', WEB]);
    expect(out.split('\n')[1]).toBe(
      'IP 10.0.0.2.81 > 10.0.0.1.40511: Flags [R.], seq 4294967040, ack 4294967281, win 65535, length 0',
    );
  });

  test('-t to -ttttt and -S are as in tcpdump', async () => {
    const line = async (...args: string[]): Promise<string> =>
      (await lastack(['timeline', '--no-annotate', '-S', ...args, WEB])).out.split('\n')[1]!.slice(0, 30);
    expect(await line('-t')).toMatch(/^IP 10/);
    expect(await line('-tt')).toMatch(/^1700000000\.010000 IP/);
    expect(await line('-ttt')).toMatch(/^ 00:00:00\.010000 IP/);
    expect(await line('-tttt')).toMatch(/^2023-11-14 22:13:20\.010000 IP/);
    expect(await line('-ttttt')).toMatch(/^ 00:00:00\.010000 IP/);
    expect(await lastack(['timeline', '-tttttt', WEB])).toEqual({
      status: 2,
      out: '',
      error: 'lastack: only -t, -tt, -ttt, -tttt and -ttttt are supported\n',
    });
  });

  test('ndjson is a segment a line', async () => {
    const { out } = await lastack(['timeline', '-f', 'ndjson', WEB]);
    const segments = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(segments).toHaveLength(10);
    expect(segments[6]).toMatchObject({ frame: 7, flow: 1, from: 'server', acks: 6, rttMs: 10 });
    expect(segments[6].notes).toContain('ACK and FIN merged: three-way close');
  });

  test('times are in the zone of TZ', async () => {
    const { out } = await lastack(['timeline', '--no-annotate', WEB], { env: { TZ: 'Asia/Kolkata' } });
    expect(out.slice(0, 15)).toBe('03:43:20.000000');
  });
});

describe('verify and schema', () => {
  test('verify reports that both decoders agree', async () => {
    const { status, out } = await lastack(['verify', WEB]);
    expect(out).toContain('10 records by lastack, 10 by pcap-parser: they agree on every one');
    expect(status).toBe(0);
  });

  test('verify does not ask the second decoder about a pipe, which only one can read', async () => {
    const { status, out } = await shell(`lastack verify <(cat '${WEB}')`);
    expect(out).toMatch(/^\S+: 10 records; pcap-parser can't tell: a pipe can be read once only\n$/);
    expect(status).toBe(0);
  });

  test('schema names every field of a record', async () => {
    const schema = JSON.parse((await lastack(['schema'])).out);
    const [flow] = flows((await lastack([WEB, '-f', 'ndjson'])).out);
    expect(Object.keys(schema.$defs.flow.properties)).toEqual(expect.arrayContaining(Object.keys(flow!)));
  });
});

describe('exit status and messages', () => {
  test.each([
    [['--bogus', 'x'], /unknown option '--bogus'/],
    [['-f', 'xml', 'x'], /Allowed choices are text, json, ndjson, csv/],
    [['timeline'], /missing required argument 'capture'/],
    [['--msl', '-1', 'x'], /number above 0/],
    [['--from', 'yesterday', 'x'], /has to be a time/],
    [['--to', '2026-02-30', 'x'], /has to be a time/],
    [['--where', 'start > "2026-02-30T00:00:00Z"', 'x'], /is no time/],
    [[], /missing required argument 'capture'/],
  ])('%j is a mistake in usage: 2', async (args, message) => {
    const { status, out, error } = await lastack(args);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(error).toMatch(message);
    expect(error).toMatch(/^lastack: /);
  });

  test('help for a command that does not exist is one, too', async () => {
    const { status, out, error } = await lastack(['help', 'timelin']);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(error.trim().split('\n').at(-1)).toBe('lastack: there is no help for timelin');
    expect((await lastack(['help', 'timeline'])).status).toBe(0);
  });

  test.each(['analyze', 'timeline', 'check'])(
    'the help of %s breaks its lines at eighty columns only',
    async (name) => {
      const lines = (await lastack([name, '--help'])).out.split('\n');
      lines.forEach((line, i) => {
        const next = /^ {28}(\S+)/.exec(lines[i + 1] ?? '')?.[1];
        if (next !== undefined && line !== '') expect(line.length + 1 + next.length).toBeGreaterThan(80);
      });
    },
  );

  test('an input that can not be opened, or is no capture: 3, and a line that names it', async () => {
    const missing = await lastack([join(folder, 'none.pcap')]);
    expect(missing.status).toBe(3);
    expect(missing.error).toMatch(/none\.pcap: no such file/);
    const text = await lastack([TEXT]);
    expect(text.status).toBe(3);
    expect(text.error.trim().split('\n')).toHaveLength(1);
  });

  test.each([
    '',
    '-f json',
    '-f csv',
    'timeline',
    'check --pack no-loss',
    'extract --flow 1',
    'extract --finding syn-unanswered',
    'verify',
    `diff '${WEB}'`,
  ])('of a file that ends in its header nothing is said but that: %s', async (command) => {
    expect(await shell(`head -c 20 '${WEB}' > '${folder}/stub'; lastack ${command} '${folder}/stub'`)).toEqual({
      status: 3,
      out: '',
      error: `lastack: ${folder}/stub: cut short in its file header\n`,
    });
  });

  test('a word that is nearly a command is taken for a capture, and the command is named', async () => {
    const { status, error } = await lastack(['timelin', WEB]);
    expect(status).toBe(3);
    expect(error).toBe(
      'lastack: timelin: no such file\nlastack: there is no command timelin either; did you mean timeline?\n',
    );
  });

  test('of several captures the readable ones are analysed: 3', async () => {
    const { status, out } = await lastack(['-f', 'ndjson', WEB, join(folder, 'none.pcap')]);
    expect(status).toBe(3);
    expect(flows(out)).toHaveLength(2);
  });

  test('a capture cut short: 4, after everything before the cut', async () => {
    const { status, out, error } = await lastack(['-f', 'ndjson', '--sort', 'flow', CUT]);
    expect(status).toBe(4);
    expect(flows(out).map((flow) => flow.lastFrame)).toEqual([8, 9]);
    expect(error).toMatch(/cut\.pcap: .*\(record 10, byte \d+\)/);
  });

  test.each(['-f ndjson', '-f csv', '-f zeek', '-f json', 'text', 'timeline', 'timeline -f ndjson'])(
    'a reader that goes away ends the run quietly: %s',
    async (how) => {
      const run = how.replace('text', '-f text');
      const { out, error } = await shell(`lastack ${run} '${MANY}' | head -n 1 > /dev/null; echo "\${PIPESTATUS[0]}"`);
      expect(error).toBe('');
      expect(out).toBe('0\n');
    },
  );

  test('Ctrl-C ends reading, prints what is known, and is told by the status: 130', async () => {
    const { status, out } = await interrupted(['-f', 'ndjson', '-'], readFileSync(CUT));
    expect(status).toBe(130);
    expect(flows(out)).toHaveLength(2);
  });

  test('Ctrl-C in verify: what was read until then, and 130', async () => {
    expect(await interrupted(['verify', '-'], readFileSync(CUT))).toEqual({
      status: 130,
      out: "-: 9 records so far; pcap-parser can't tell: standard input can be read once only\n",
      error: '',
    });
  });

  test.each(['check --pack clean-close -', 'extract --flow 1 -', "timeline --where 'true' -"])(
    'Ctrl-C while standard input is stored, to be read twice: 130: %s',
    async (how) => {
      const args = how.split(' ').map((word) => word.replaceAll("'", ''));
      const { status, out, error } = await interrupted(args, readFileSync(CUT));
      expect(status).toBe(130);
      expect(out).not.toBe('');
      // That it is not whole is no news, and may not be true.
      expect(error).toBe('');
    },
  );

  test.each(['--help', '--version', 'timeline --help'])(
    'a reader that goes away, or a full disk, is no crash: %s',
    async (how) => {
      const gone = await shell(`lastack ${how} | true; echo "\${PIPESTATUS[0]}"`);
      expect(gone).toEqual({ status: 0, out: '0\n', error: '' });
      const full = await shell(`lastack ${how} > /dev/full`);
      expect(full).toEqual({
        status: 2,
        out: '',
        error: "lastack: standard output: can't be written: no space left on device\n",
      });
    },
  );

  test('where standard error can not be written, the status is the same', async () => {
    const { out } = await shell(
      `lastack '${CUT}' > /dev/null 2> /dev/full; echo $?; lastack none.pcap 2> /dev/full; echo $?; lastack --bogus 2> /dev/full; echo $?`,
    );
    expect(out).toBe('4\n3\n2\n');
  });

  test('help and version are no mistakes: 0', async () => {
    expect(await lastack(['--version'])).toEqual({ status: 0, out: `${packageJson.version}\n`, error: '' });
    const help = await lastack(['--help']);
    expect(help.status).toBe(0);
    expect(help.out).toContain('Exit status');
  });

  test('a capture named like a command is given as ./NAME', async () => {
    writeFileSync(join(folder, 'schema'), readFileSync(WEB));
    const { out } = await shell(`cd '${folder}' && lastack ./schema -f ndjson`);
    expect(flows(out)).toHaveLength(2);
  });
});
