import { ASCII } from '../bytes/ascii.ts';
import type { Constant } from '../bytes/writer.ts';
import { FAST_OPEN_EXPERIMENT, KIND } from '../wire/option-kinds.ts';
import { putMptcp } from './mptcp-option.ts';
import { constant, putHex, putHexOctets, putShort, putText, putUnsigned } from './put.ts';

/** Octets that the options of one header can take, with room to spare. */
export const OPTIONS_ROOM = 1024;

/** The options of a TCP header as tcpdump 4.99 prints them between `options [` and `]`. One object for all segments. */
export class TcpOptions {
  /** Where the text goes on. */
  at = 0;
  private to: DataView = new DataView(new ArrayBuffer(0));
  private octets: Uint8Array = new Uint8Array(0);
  private view: DataView = new DataView(new ArrayBuffer(0));
  private next = 0;
  /** Octets of options that are left by the data offset. */
  private left = 0;
  private end = 0;
  private ackBase = 0;
  private flags = 0;
  /** tcpdump blames a cut that follows a multipath option on `mptcp`. */
  private multipath = false;

  /**
   * Writes through `to` from `at`, which has OPTIONS_ROOM.
   *
   * An option that is cut by the capture or cannot be ends the line: the text says so, and neither `]` nor the length
   * follows.
   *
   * @param from first octet of the options
   * @param length octets of options by the data offset, 0 to 40
   * @param end first octet past what was kept of the segment
   * @param ackBase what the edges of KIND.sack blocks are told relative to
   * @returns whether the line goes on, from `this.at`
   */
  write(
    to: DataView,
    at: number,
    octets: Uint8Array,
    view: DataView,
    from: number,
    length: number,
    end: number,
    ackBase: number,
    flags: number,
  ): boolean {
    this.to = to;
    this.at = at;
    this.octets = octets;
    this.view = view;
    this.next = from;
    this.left = length;
    this.end = end;
    this.ackBase = ackBase;
    this.flags = flags;
    this.multipath = false;
    for (let first = true; this.left > 0; first = false) {
      if (!first) this.to.setUint8(this.at++, ASCII.comma);
      if (this.next >= end) return this.cut('');
      const kind = octets[this.next++]!;
      if (kind <= KIND.noOperation) {
        this.left--;
        this.at = putText(to, this.at, NAMES[kind]!);
        if (kind === KIND.end) break;
        continue;
      }
      if (this.next >= end) return this.cut('');
      const size = octets[this.next++]!;
      if (size < 2 || size > this.left) return this.bad(first);
      this.left -= 2;
      const data = this.option(kind, size - 2);
      if (data === BAD) return this.bad(first);
      if (data === CUT) return this.cut(first ? '' : '>');
      // What an option of fixed size leaves of its length is read as further options.
      this.next += data;
      this.left -= data;
      if (data + 2 !== size) {
        this.at = putShort(to, putText(to, this.at, WITH_LENGTH), size);
        this.to.setUint8(this.at++, ASCII.closeBracket);
      }
    }
    return true;
  }

  private bad(first: boolean): boolean {
    this.at = putText(this.to, this.at, first ? BAD_OPTION : BAD_OPTION_CLOSED);
    return false;
  }

  private cut(tail: '' | '>'): boolean {
    this.at = putText(this.to, this.at, this.multipath ? CUT_MULTIPATH : CUT_TCP);
    if (tail === '>') this.to.setUint8(this.at++, ASCII.greater);
    return false;
  }

  /** One option with `size` octets of data by its length: how many belong to it by its kind, or BAD or CUT. */
  private option(kind: number, size: number): number {
    const name = NAMES[kind];
    if (name === undefined) {
      this.at = putShort(this.to, putText(this.to, this.at, UNKNOWN), kind);
      return this.octetsOf(size);
    }
    this.at = putText(this.to, this.at, name);
    switch (kind) {
      case KIND.sackPermitted:
        return 0;
      case KIND.timestamps:
        return this.timestamps();
      case KIND.mss:
        return this.mss();
      case KIND.windowScale:
        return this.windowScale();
      case KIND.sack:
        return this.sack(size);
      case KIND.echo:
      case KIND.echoReply:
      case KIND.cc:
      case KIND.ccNew:
      case KIND.ccEcho:
        return this.word();
      case KIND.md5:
        return this.md5();
      case KIND.scps:
        return this.scps();
      case KIND.userTimeout:
        return this.userTimeout();
      case KIND.authentication:
        return this.authentication(size);
      case KIND.multipath:
        return this.mptcp(size);
      case KIND.fastOpen:
        return this.fastOpen(size);
      default:
        return this.experiment(size);
    }
  }

  /** OK when `count` octets of data are left by the data offset, and were kept. */
  private has(count: number): number {
    if (count > this.left) return BAD;
    return this.next + count > this.end ? CUT : OK;
  }

  private space(): void {
    this.to.setUint8(this.at++, ASCII.space);
  }

  private timestamps(): number {
    const has = this.has(8);
    if (has !== OK) return has;
    const value = putUnsigned(this.to, putText(this.to, this.at, VALUE), this.view.getInt32(this.next));
    this.at = putUnsigned(this.to, putText(this.to, value, ECHOED), this.view.getInt32(this.next + 4));
    return 8;
  }

  private mss(): number {
    const has = this.has(2);
    if (has !== OK) return has;
    this.space();
    this.at = putUnsigned(this.to, this.at, this.view.getUint16(this.next));
    return 2;
  }

  private windowScale(): number {
    const has = this.has(1);
    if (has !== OK) return has;
    this.space();
    this.at = putShort(this.to, this.at, this.octets[this.next]!);
    return 1;
  }

  private sack(size: number): number {
    if (size % 8 !== 0) {
      this.at = putText(this.to, this.at, INVALID_SACK);
      return size;
    }
    this.space();
    this.at = putShort(this.to, this.at, size / 8);
    this.space();
    for (let i = 0; i < size; i += 8) {
      const has = this.has(i + 8);
      if (has !== OK) return has;
      this.to.setUint8(this.at++, ASCII.openBrace);
      this.at = putUnsigned(this.to, this.at, (this.view.getInt32(this.next + i) - this.ackBase) | 0);
      this.to.setUint8(this.at++, ASCII.colon);
      this.at = putUnsigned(this.to, this.at, (this.view.getInt32(this.next + i + 4) - this.ackBase) | 0);
      this.to.setUint8(this.at++, ASCII.closeBrace);
    }
    return size;
  }

  private word(): number {
    const has = this.has(4);
    if (has !== OK) return has;
    this.space();
    this.at = putUnsigned(this.to, this.at, this.view.getInt32(this.next));
    return 4;
  }

  /** The digest, with tcpdump's excuse for not checking it. */
  private md5(): number {
    const has = this.has(16);
    if (has !== OK) return has;
    this.at = putText(this.to, this.at, this.dataKept ? NO_SECRET : SNAPLEN_TOO_SHORT);
    this.at = putHexOctets(this.to, this.at, this.octets, this.next, this.next + 16);
    return 16;
  }

  /** Whether the segment's payload was kept to its end; set by the caller before `write`. */
  dataKept = true;

  private scps(): number {
    const has = this.has(2);
    if (has !== OK) return has;
    this.at = putText(this.to, this.at, CAPABILITY);
    this.at = putHexOctets(this.to, this.at, this.octets, this.next, this.next + 1);
    this.at = putShort(this.to, putText(this.to, this.at, ID), this.octets[this.next + 1]!);
    return 2;
  }

  private userTimeout(): number {
    const has = this.has(2);
    if (has !== OK) return has;
    const value = this.view.getUint16(this.next);
    this.at = putHex(this.to, putText(this.to, this.at, HEXADECIMAL), value);
    this.space();
    this.at = putUnsigned(this.to, this.at, (value & 1) === 1 ? (value >> 1) * 60 : value >> 1);
    return 2;
  }

  private authentication(size: number): number {
    if (size < 2) {
      this.at = putText(this.to, this.at, INVALID);
      return size;
    }
    const hasKey = this.has(1);
    if (hasKey !== OK) return hasKey;
    this.at = putShort(this.to, putText(this.to, this.at, KEY_ID), this.octets[this.next]!);
    const hasNext = this.has(2);
    if (hasNext !== OK) return hasNext;
    this.at = putShort(this.to, putText(this.to, this.at, NEXT_KEY_ID), this.octets[this.next + 1]!);
    if (size === 2) return size;
    this.at = putText(this.to, this.at, MAC);
    return this.hexadecimal(2, size);
  }

  private mptcp(size: number): number {
    const has = this.has(size);
    if (has !== OK) return has;
    this.multipath = true;
    const at = putMptcp(this.to, this.at, this.octets, this.view, this.next - 2, size + 2, this.flags);
    this.at = at < 0 ? ~at : at;
    return at < 0 ? BAD : size;
  }

  private fastOpen(size: number): number {
    const has = this.has(size);
    if (has !== OK) return has;
    this.space();
    this.cookie(this.next, this.next + size);
    return size;
  }

  private experiment(size: number): number {
    const has = this.has(size);
    if (has !== OK) return has;
    if (size < 2) return BAD;
    if (this.view.getUint16(this.next) === FAST_OPEN_EXPERIMENT) {
      this.at = putText(this.to, this.at, EXPERIMENTAL_TFO);
      this.cookie(this.next + 2, this.next + size);
    } else {
      this.to.setUint8(this.at++, ASCII.hyphen);
      this.at = putHexOctets(this.to, this.at, this.octets, this.next, this.next + 2);
    }
    return size;
  }

  private cookie(from: number, end: number): void {
    const size = end - from;
    if (size === 0) this.at = putText(this.to, this.at, COOKIE_REQUEST);
    else if (size % 2 !== 0 || size < 4 || size > 16) this.at = putText(this.to, this.at, INVALID);
    else this.at = putHexOctets(this.to, putText(this.to, this.at, COOKIE), this.octets, from, end);
  }

  /** An option without a printer. */
  private octetsOf(size: number): number {
    if (size === 0) return 0;
    this.at = putText(this.to, this.at, HEXADECIMAL);
    return this.hexadecimal(0, size);
  }

  /** The data's octets from the one numbered `start`, as far as they were kept. */
  private hexadecimal(start: number, size: number): number {
    for (let i = start; i < size; i++) {
      const has = this.has(i + 1);
      if (has !== OK) return has;
      this.at = putHexOctets(this.to, this.at, this.octets, this.next + i, this.next + i + 1);
    }
    return size;
  }
}

/** What can become of an option, apart from the octets it takes. */
const OK = 0;
const BAD = -1;
const CUT = -2;

const NAMES: readonly (Constant | undefined)[] = names();

const UNKNOWN = constant('unknown-');
const BAD_OPTION = constant('[bad opt]');
const BAD_OPTION_CLOSED = constant('[bad opt]]');
const CUT_TCP = constant(' [|tcp]');
const CUT_MULTIPATH = constant(' [|mptcp]');
const WITH_LENGTH = constant('[len ');
const INVALID = constant(' (invalid)');
const INVALID_SACK = constant(' invalid sack');
const VALUE = constant(' val ');
const ECHOED = constant(' ecr ');
const NO_SECRET = constant(" shared secret not supplied with -M, can't check - ");
const SNAPLEN_TOO_SHORT = constant(" snaplen too short, can't check - ");
const CAPABILITY = constant(' cap ');
const ID = constant(' id ');
const HEXADECIMAL = constant(' 0x');
const KEY_ID = constant(' keyid ');
const NEXT_KEY_ID = constant(' rnextkeyid ');
const MAC = constant(' mac 0x');
const EXPERIMENTAL_TFO = constant('-tfo');
const COOKIE = constant(' cookie ');
const COOKIE_REQUEST = constant(' cookiereq');

/** tcpdump 4.99's names; it has none for KIND.cc.ECHO, which it knows all the same. */
function names(): (Constant | undefined)[] {
  const list = new Array<Constant | undefined>(256).fill(undefined);
  list[KIND.end] = constant('eol');
  list[KIND.noOperation] = constant('nop');
  list[KIND.mss] = constant('mss');
  list[KIND.windowScale] = constant('wscale');
  list[KIND.sackPermitted] = constant('sackOK');
  list[KIND.sack] = constant('sack');
  list[KIND.echo] = constant('echo');
  list[KIND.echoReply] = constant('echoreply');
  list[KIND.timestamps] = constant('TS');
  list[KIND.cc] = constant('cc');
  list[KIND.ccNew] = constant('ccnew');
  list[KIND.ccEcho] = constant('');
  list[KIND.md5] = constant('md5');
  list[KIND.scps] = constant('scps');
  list[KIND.userTimeout] = constant('uto');
  list[KIND.authentication] = constant('tcp-ao');
  list[KIND.multipath] = constant('mptcp');
  list[KIND.fastOpen] = constant('tfo');
  list[KIND.experiment] = constant('exp');
  return list;
}
