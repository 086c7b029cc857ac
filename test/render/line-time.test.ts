import { expect, test } from 'vitest';
import { ByteWriter } from '../../src/bytes/writer.ts';
import { LineTime, type TimeStyle } from '../../src/render/line-time.ts';

const UTC = (_seconds: number) => 0;

function times(style: TimeStyle, instants: readonly (readonly [number, number])[], zone = UTC, nano = false): string[] {
  const time = new LineTime(style, zone, nano);
  const out = new ByteWriter(4);
  return instants.map(([seconds, nanoseconds]) => {
    out.length = 0;
    time.write(out, seconds, nanoseconds);
    return out.toString();
  });
}

// What tcpdump 4.99.3 prints for these times.
const INSTANTS = [
  [1_700_000_000, 5999],
  [1_700_000_001, 999_999_000],
  [1_699_990_000, 3000],
  [5, 5000],
  [0x80000000, 1000],
] as const;

test('the time of day, cut to microseconds', () => {
  expect(times(0, INSTANTS)).toEqual([
    '22:13:20.000005 ',
    '22:13:21.999999 ',
    '19:26:40.000003 ',
    '00:00:05.000005 ',
    '[Error converting time] ',
  ]);
});

test('-t: none', () => {
  expect(times(1, INSTANTS)[0]).toBe('');
});

test('-tt: seconds since 1970', () => {
  expect(times(2, INSTANTS)).toEqual([
    '1700000000.000005 ',
    '1700000001.999999 ',
    '1699990000.000003 ',
    '5.000005 ',
    '[Error converting time] ',
  ]);
});

test('-ttt: since the previous line, with its sign and modulo a day', () => {
  expect(times(3, INSTANTS)).toEqual([
    ' 00:00:00.000000 ',
    ' 00:00:01.999994 ',
    '-02:46:41.999996 ',
    '-19:26:34.999998 ',
    ' 03:14:02.999996 ',
  ]);
});

test('-tttt: the date too', () => {
  expect(times(4, INSTANTS)[2]).toBe('2023-11-14 19:26:40.000003 ');
});

test('-ttttt: since the first line', () => {
  expect(times(5, INSTANTS).slice(0, 3)).toEqual([' 00:00:00.000000 ', ' 00:00:01.999994 ', '-02:46:40.000002 ']);
});

test('nine digits with --nano', () => {
  expect(times(0, [[1_700_000_000, 120_000_789]], UTC, true)).toEqual(['22:13:20.120000789 ']);
});

test('the zone is asked for each second', () => {
  const zone = (seconds: number) => (seconds < 1_700_000_000 ? 3600 : -5400);
  expect(
    times(
      4,
      [
        [1_699_999_999, 0],
        [1_700_000_000, 0],
      ],
      zone,
    ),
  ).toEqual(['2023-11-14 23:13:19.000000 ', '2023-11-14 20:43:20.000000 ']);
});

test('a fraction of a second or more stands as the file told it', () => {
  const out = new ByteWriter(4);
  new LineTime(0, UTC, false).write(out, 1_700_004_295, 967_295_000, 4294);
  expect(out.toString()).toBe('22:13:21.4294967295 ');
});
