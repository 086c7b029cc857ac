import { existsSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { UsageError } from '../errors.ts';
import { reasonOf } from '../input/reason.ts';
import {
  addAnalysisOptions,
  addCaptureOptions,
  addReadingOptions,
  count,
  frameRanges,
  listed,
} from './capture-options.ts';
import { EXIT } from './exit.ts';
import { printable } from './problems.ts';
import { STDOUT, say, writeFully } from './standard.ts';
import { VERSION } from './version.ts';

/** How many `-t` there were, with one more: tcpdump knows five styles. */
function timeStyle(_: string, before: number): number {
  if (before === 5) throw new UsageError('only -t, -tt, -ttt, -tttt and -ttttt are supported');
  return before + 1;
}

/** The command line. Each command is a file of its own that is loaded when it is called. */
function program(): Command {
  const lastack = new Command('lastack')
    .description(
      'The last word on how a TCP connection lived and died: handshakes, states, closes, resets and timelines.',
    )
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .helpCommand('help [command]', "print a command's options")
    .showHelpAfterError('(lastack --help tells more)')
    .configureOutput({
      writeOut: print,
      writeErr: say,
      outputError: (text, write) => write(text.replace(/^error: /, 'lastack: ')),
    })
    .addHelpText(
      'after',
      `
Captures are pcap or pcapng files, also within gzip, zstd or lz4, directories
of them, or - for standard input; several are read as one. A capture named like
a command is given as ./NAME.

Exit status: 0 done, 1 check found a violation, 2 usage, 3 an input can't be
read, 4 a capture is damaged or cut short (what was before is analysed), 130
interrupted.`,
    );

  lastack.hook('preAction', async (_, command) => {
    // Parsed before anything is opened; the parser is loaded by those who filter only.
    const [text, ...others]: readonly string[] = command.opts().filter ?? [];
    if (text === undefined) return;
    const { PacketFilter } = await import('../filter/packet-filter.ts');
    command.setOptionValue('filter', new PacketFilter(text, ...others));
  });

  const analyze = lastack
    .command('analyze', { isDefault: true })
    .description('every flow: handshake, states, close, trouble (the default command)')
    .argument('<capture...>', 'captures, directories of captures, or - for standard input')
    .addOption(
      new Option('-f, --format <format>', 'how to print; zeek is a conn.log')
        .choices(['text', 'json', 'ndjson', 'csv', 'zeek'])
        .default('text'),
    );
  addCaptureOptions(analyze)
    .addOption(new Option('--sort <key>', 'order of the flows').choices(SORT_KEYS))
    .option('--top <number>', 'only the first flows of that order', count)
    .option('--ignore <codes>', 'leave these findings out (and say so): CODE or CODE,CODE', codes)
    .option('--capture-record', "ndjson: put the capture's record on the last line")
    .action(async (captures, options) => {
      const { analyze } = await import('./analyze.ts');
      const status = await analyze(captures, options);
      if (status === EXIT.unreadableInput) await hintAtCommand(captures[0]!, lastack);
      process.exitCode = status;
    });

  const timeline = lastack
    .command('timeline')
    .description("one annotated line a TCP segment, in tcpdump's or classic WinDump's style")
    .argument('<capture...>', 'captures, directories of captures, or - for standard input')
    .addOption(new Option('-f, --format <format>', 'how to print').choices(['text', 'ndjson']).default('text'))
    .addOption(new Option('--style <style>', 'whose lines').choices(['tcpdump', 'windump']).default('tcpdump'));
  addCaptureOptions(timeline)
    .option('--no-annotate', 'the bare lines')
    .option(
      '-t',
      "as tcpdump's: -t no time, -tt seconds since 1970, -ttt since the line before, -tttt date and time, -ttttt since the first line",
      timeStyle,
      0,
    )
    .option('-S, --absolute', 'absolute sequence numbers')
    .action(async (captures, options) => {
      const { timeline } = await import('./timeline.ts');
      process.exitCode = await timeline(captures, options);
    });

  const extract = lastack
    .command('extract')
    .description("a flow's or a finding's packets, or chosen ones, as pcapng, with comments that say what each one did")
    .argument('<capture...>', 'captures, directories of captures, or - for standard input');
  addReadingOptions(extract)
    .option('--finding <codes>', 'the flows in which this was found: CODE or CODE,CODE', codes)
    .option('--frames <list>', 'only these records, by number: 3, 1,4-9 or 20-', frameRanges)
    .option('--no-annotate', 'add no comments to packets')
    .action(async (captures, options) => {
      const { extract } = await import('./extract.ts');
      process.exitCode = await extract(captures, options);
    });

  const check = lastack
    .command('check')
    .description('rules that captures must follow, for CI: exit status 1 when one is broken')
    .argument('<capture...>', 'captures, directories of captures, or - for standard input')
    .option('--rules <file>', 'a rules file; several may be given (default: lastack.yaml here)', listed)
    .option(
      '--pack <name>',
      'rules that come with lastack: clean-close, handshake-budget, no-half-open, no-loss, no-resets, server-health; several may be given',
      listed,
    )
    .option(
      '--reporter <name[=file]>',
      'text, junit, github, markdown, sarif, tap or json; several may be given (default: text)',
      listed,
    )
    .option('--show <number>', 'flows shown of those that break a rule', count, 5)
    .addOption(
      new Option(
        '--addresses <what>',
        'roles shows client-1 and server-1 instead of addresses in reports; keep keeps them in baselines too',
      ).choices(['keep', 'roles']),
    )
    .option('--baseline <file>', 'compare with what was recorded when all was well')
    .option('--update-baseline', 'record it');
  addAnalysisOptions(check).action(async (captures, options) => {
    const { check } = await import('./check.ts');
    process.exitCode = await check(captures, options);
  });

  const diff = lastack
    .command('diff')
    .description('what changed between two captures, as a baseline sees it')
    .argument('<before>', 'a capture, or a directory of captures')
    .argument('<now>', 'another one')
    .addOption(
      new Option('--addresses <what>', 'keep tells servers apart by address, roles by port alone')
        .choices(['keep', 'roles'])
        .default('roles'),
    );
  addReadingOptions(diff).action(async (before, now, options) => {
    const { diff } = await import('./diff.ts');
    process.exitCode = await diff(before, now, options);
  });

  lastack
    .command('verify')
    .description('a second, independent decoder (pcap-parser) reads the capture too; every disagreement is reported')
    .argument('<capture>', 'a classic pcap file')
    .action(async (capture) => {
      const { verify } = await import('./verify.ts');
      process.exitCode = await verify(capture);
    });

  lastack
    .command('explain')
    .description('what a finding means: its rule, its source, its guards; without a code, all there are')
    .argument('[code]', 'code of a finding')
    .action(async (code) => {
      const { explain } = await import('./explain.ts');
      process.exitCode = explain(code);
    });

  lastack
    .command('schema')
    .description('what the records look like, as JSON Schema')
    .action(async () => {
      const { schema } = await import('./schema.ts');
      process.exitCode = schema();
    });
  return lastack;
}

/** Help and version go where results go (output.ts), but do without the engine that those take. */
function print(text: string): void {
  const octets = Buffer.from(text);
  try {
    writeFully(STDOUT, octets, octets.length);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return;
    throw new UsageError(`standard output: can't be written: ${reasonOf(error)}`, { cause: error });
  }
}

const SORT_KEYS = ['flow', 'worst', 'start', 'duration', 'bytes', 'packets', 'handshake', 'retransmissions'];

/** Codes, separated by commas, of an option that may be given several times. */
function codes(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), ...text.split(',').map((code) => code.trim())];
}

/** A word that is no command is taken for a capture: where there is no such file either, says what was probably meant. */
async function hintAtCommand(word: string, lastack: Command): Promise<void> {
  if (word !== process.argv[2] || existsSync(word)) return;
  const { meant } = await import('../bytes/nearest.ts');
  const hint = meant(
    word,
    lastack.commands.map((command) => command.name()),
  );
  if (hint !== '') say(`lastack: there is no command ${printable(word)} either${hint}\n`);
}

/** One clear line an error; whatever is no error of the user's is a bug, and crashes. */
async function main(): Promise<void> {
  const lastack = program();
  for (const command of [lastack, ...lastack.commands]) command.exitOverride();
  try {
    await lastack.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      // `lastack help NOTHING` is the only help that is a mistake: all of it stands above.
      if (error.code === 'commander.help' && error.exitCode !== 0) {
        say(`\nlastack: there is no help for ${printable(process.argv[3] ?? '')}\n`);
      }
      process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
    } else if (error instanceof Error && error.name === 'ReaderGoneError') process.exitCode = EXIT.done;
    else if (error instanceof Error && 'code' in error && error.code === 'usage') {
      say(`lastack: ${error.message.split('\n').map(printable).join('\n')}\n`);
      process.exitCode = EXIT.usage;
    } else throw error;
  }
}

void main();
