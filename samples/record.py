#!/usr/bin/env python3
"""Records the Linux kernel's TCP: packets at both hosts, and what the kernel did, beside each other.

    python3 samples/record.py [--only NAME]... [--force] [--list]

Needs root, Linux 6.1 or newer, and the Debian packages iproute2, tcpdump, nftables (and wireshark-common for the one
recording that dumpcap writes). Everything happens in network namespaces of its own, which end with this process.
samples/README.md says what comes out; samples/recorder/scenarios.py is what happens in each.
"""
import argparse
import contextlib
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from recorder import scenarios, vlan  # noqa: E402
from recorder.diag import Poller  # noqa: E402
from recorder.kernel import Tracer  # noqa: E402
from recorder.network import Host, Namespace  # noqa: E402
from recorder.router import Router  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
COLUMNS = 'time side event laddr lport raddr rport oldstate newstate extra'
ICMP_ERRORS = 'icmp[icmptype] == icmp-unreach or (icmp6 and ip6[40] < 128)'
FILTER = 'tcp or %s or (vlan and tcp)' % ICMP_ERRORS
LONG = 20_000  # octets: longer captures have no golden text
SETTLE = 0.15  # seconds for the last packets to reach the files


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--only', action='append', metavar='NAME', help='record this one (repeatable)')
    parser.add_argument('--force', action='store_true', help='record again what is there')
    parser.add_argument('--list', action='store_true', help='print the names and what they are')
    parser.add_argument('--into', default=HERE, metavar='DIRECTORY')
    options = parser.parse_args()
    wanted = [each for each in scenarios.ALL if not options.only or each.name in options.only]
    unknown = set(options.only or ()) - {each.name for each in wanted}
    if unknown:
        parser.error('no scenario ' + ', '.join(sorted(unknown)))
    if options.list:
        for each in wanted:
            print('%-26s %s' % (each.name, each.description))
        return 0
    if os.geteuid():
        parser.error('root is needed, for network namespaces and the kernel\'s tracepoints')
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.setswitchinterval(0.0005)  # the router is a thread here: it must not wait 5 ms for its turn
    failed = 0
    with contextlib.closing(Tracer()) as tracer:
        for each in wanted:
            into = os.path.join(options.into, each.name)
            if os.path.exists(into) and not (options.force or options.only):
                continue
            began = time.monotonic()
            try:
                size = record(each, into, tracer)
                print('%-26s %5.1f s  %4d kB' % (each.name, time.monotonic() - began, (size + 1023) // 1024), flush=True)
            except Exception as error:  # the others are still worth recording
                failed += 1
                print('%-26s FAILED: %s: %s' % (each.name, type(error).__name__, error), file=sys.stderr, flush=True)
                if options.only:
                    raise
    return 1 if failed else 0


def record(scenario, into, tracer):
    """Plays one scenario; its files take the place of `into`. Gives their size."""
    with contextlib.ExitStack() as stack:
        work = stack.enter_context(tempfile.TemporaryDirectory(prefix='lastack-'))
        world = stack.enter_context(contextlib.closing(World(scenario)))
        captures = []

        def begin():
            captures.extend(Capture(host, scenario, work, stack) for host in world.hosts)
            world.began = time.time()

        world.begin = begin
        tracer.start()
        poller = Poller(world.hosts)
        stack.callback(poller.kill)
        try:
            if not scenario.late:
                begin()
            scenario.play(world)
            time.sleep(SETTLE + world.router.delay)
        finally:
            for capture in captures:
                capture.stop()
            end = time.time()
            rows = poller.stop() + tracer.stop({host.address: host.name for host in world.hosts})
        rows = [line for seconds, line in sorted(rows, key=lambda each: each[0]) if seconds <= end]
        head = {
            'scenario': scenario.name, 'description': scenario.description,
            'client': world.client.address, 'server': world.server.address,
            'capture_start': '%.9f' % world.began, 'capture_end': '%.9f' % end,
            'kernel': 'Linux %s %s' % (platform.release(), platform.machine()),
            'captured_by': captures[0].program, 'clock': 'trace_clock mono, moved to CLOCK_REALTIME',
        }
        with open(os.path.join(work, 'kernel.tsv'), 'w') as table:
            for key, value in head.items():
                table.write('# %s\t%s\n' % (key, value))
            table.write('\t'.join(COLUMNS.split()) + '\n')
            table.writelines(line + '\n' for line in rows)
        for capture in captures:
            capture.print_as_tcpdump()
        shutil.rmtree(into, ignore_errors=True)
        os.makedirs(into)
        for name in sorted(os.listdir(work)):
            shutil.copyfile(os.path.join(work, name), os.path.join(into, name))
        return sum(os.path.getsize(os.path.join(into, name)) for name in os.listdir(into))


class World:
    """What a scenario plays in: `client`, `server`, and the `router` between them. `begin()` starts the captures."""

    def __init__(self, scenario):
        middle = Namespace()
        # hosts with small connection tables: a poll of sock_diag walks the whole table
        middle.sysctl('ipv4/tcp_child_ehash_entries', 512)
        middle.sysctl('ipv6/conf/all/disable_ipv6', 1)
        self.client, self.server = self.hosts = Host(middle, 'client', 1), Host(middle, 'server', 2)
        self.middle = middle
        for host in self.hosts:
            host.ipv6 = scenario.ipv6
            host.attach(middle)
            if scenario.vlan:
                vlan.tag(host, 'eth0', scenario.vlan)
            for name, value in scenario.sysctls.items():
                host.sysctl(name, value)
        self.router = Router(middle, self.hosts, scenario.delay)

    def close(self):
        for host in self.hosts:
            host.abort_all()
        self.router.close()
        for namespace in (*self.hosts, self.middle):
            namespace.close()


class Capture:
    """A capture program at a host's interface, writing NAME.pcap or NAME.pcapng."""

    def __init__(self, host, scenario, work, stack):
        self.path = path = os.path.join(work, host.name + ('.pcapng' if scenario.pcapng else '.pcap'))
        self.log = stack.enter_context(tempfile.TemporaryFile())
        if scenario.pcapng:
            command = ['dumpcap', '-q', '-i', 'eth0', '-f', FILTER, '-s', str(scenario.kept), '-w', path,
                       '--capture-comment', scenario.description]
        else:
            command = ['tcpdump', '-i', 'eth0', '-n', '--immediate-mode', '-U', '-Z', 'root', '-s', str(scenario.kept),
                       '-w', path, *(['--nano'] if scenario.nanoseconds else []), FILTER]
        self.program = version(command[0])
        self.process = host.start(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        stack.callback(self.kill)
        self.wait_for(b'listening on', b'File: ')

    def wait_for(self, *marks):
        until = time.monotonic() + 10
        while time.monotonic() < until and self.process.poll() is None:
            self.log.seek(0)
            said = self.log.read()
            if any(mark in said for mark in marks):
                return
            time.sleep(0.01)
        self.log.seek(0)
        raise RuntimeError('capture did not start: ' + self.log.read().decode().strip())

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(10)

    def print_as_tcpdump(self):
        """What tcpdump prints of the capture, as a golden file beside it."""
        if os.path.getsize(self.path) > LONG:
            return
        command = ['tcpdump', '-nn', '-r', os.path.basename(self.path)]
        text = subprocess.run(command, cwd=os.path.dirname(self.path), env={**os.environ, 'TZ': 'UTC'}, check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        with open(os.path.splitext(self.path)[0] + '.tcpdump.txt', 'wb') as golden:
            golden.write(('# %s: TZ=UTC %s\n' % (version('tcpdump'), ' '.join(command))).encode() + text)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def version(program):
    said = subprocess.run([program, '--version'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode()
    return said.splitlines()[0].split(' (')[0].rstrip('.')


if __name__ == '__main__':
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
