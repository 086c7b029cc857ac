#!/usr/bin/env python3
"""Records the same small exchange over and over, well and after regressions, for judge.ts to compare with a baseline.

    python3 bench/baseline/record.py INTO [--at-once 4] [--seconds N] [--scale 1]

Needs root, Linux, iproute2 and tcpdump. A server and its clients are processes in network namespaces of their own, 10 ms
of round trip apart (samples/recorder's router); several pairs of them, and processes that only burn time now and then,
keep the processors busy in a way that is never the same twice. INTO/KIND-NUMBER.pcap is what the client's interface saw.
What is there is not recorded again, so a run that was ended goes on where it was.
"""
import argparse
import collections
import contextlib
import multiprocessing
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'samples'))
from recorder.network import Host, Namespace, abort_on_close, end_with_parent  # noqa: E402
from recorder.router import ACK, SYN, Router  # noqa: E402

PORT = 8080
CONNECTIONS, REQUESTS, CLIENTS = 100, 2, 8
REQUEST, RESPONSE = 200, 24_000  # octets
THINKING = 0.002  # seconds, on average
IDLE, HELD = 12, 2.5  # connections that are held idle, with keep-alive probes after each second; for how many seconds
SETTLE = 0.2
PORTS_EACH = 500  # client's ports of one recording: what a recording before left behind is none of this one's
KEPT = 80  # octets of a packet: all headers

# What differs from the healthy exchange: packets lost, seconds that SYN+ACKs are held, which part of closes are aborts,
# which part of idle connections are probed, connections with one request each, seconds that a server without backlog needs
# to accept.
Kind = collections.namedtuple('Kind', 'loss slower aborts probed single accepting', defaults=(0, 0, 0, 1, False, 0))
KINDS = {  # how many times each is recorded
    'healthy': (Kind(), 201),
    'loss-1%': (Kind(loss=0.01), 200),
    'slower-50ms': (Kind(slower=0.05), 200),
    'aborts-100%': (Kind(aborts=1), 200),
    'probed-0%': (Kind(probed=0), 200),
    'one-request-each': (Kind(single=True), 200),
    'overflow-30ms': (Kind(accepting=0.03), 200),
}
# the smallest change that is found
KINDS |= {'loss-%s%%' % percent: (Kind(loss=percent / 100), 30) for percent in (0.2, 0.4, 0.6, 0.8)}
KINDS |= {'slower-%dms' % ms: (Kind(slower=ms / 1000), 30) for ms in (2, 3, 4, 6, 10)}
KINDS |= {'aborts-%d%%' % percent: (Kind(aborts=percent / 100), 30) for percent in (6, 9, 12, 15, 20)}
KINDS |= {'probed-%d%%' % percent: (Kind(probed=percent / 100), 30) for percent in (17, 33, 50)}
KINDS |= {'overflow-%dms' % ms: (Kind(accepting=ms / 1000), 30) for ms in (2, 5, 10, 20)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('into', metavar='INTO')
    parser.add_argument('--at-once', type=int, default=4, metavar='N', help='pairs of hosts that record')
    parser.add_argument('--seconds', type=float, default=1e9, metavar='N', help='begin nothing after these')
    parser.add_argument('--scale', type=float, default=1, help='part of the numbers of recordings')
    options = parser.parse_args()
    if os.geteuid():
        parser.error('root is needed, for network namespaces')
    os.makedirs(options.into, exist_ok=True)
    jobs = [(name, number) for name, (_, times) in KINDS.items() for number in range(round(times * options.scale))]
    random.Random(1).shuffle(jobs)  # whatever else the machine does meets all kinds alike
    jobs = [job for job in jobs if not os.path.exists(path_of(options.into, job))]
    until = time.monotonic() + options.seconds
    workers = [
        multiprocessing.Process(target=work, args=(options.into, jobs[each::options.at_once], until))
        for each in range(options.at_once)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    left = sum(not os.path.exists(path_of(options.into, job)) for job in jobs)
    print('%d recorded, %d left' % (len(jobs) - left, left))
    return 1 if any(worker.exitcode for worker in workers) else 0


def path_of(into, job):
    return os.path.join(into, '%s-%03d.pcap' % job)


def work(into, jobs, until):
    """One pair of hosts, and a process that burns time beside them."""
    end_with_parent()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.setswitchinterval(0.0005)
    burner = multiprocessing.Process(target=burn)
    burner.start()
    middle = Namespace()
    hosts = client, server = Host(middle, 'client', 1), Host(middle, 'server', 2)
    for host in hosts:
        host.attach(middle)
    server.sysctl('core/somaxconn', 4096)
    router = Router(middle, hosts)
    # the wire is no part of what is busy: its thread runs before all others
    os.sched_setscheduler(router.thread.native_id, os.SCHED_FIFO, os.sched_param(1))
    try:
        for number, job in enumerate(jobs):
            if time.monotonic() > until:
                break
            record(path_of(into, job), KINDS[job[0]][0], client, server, router, number)
    finally:
        router.close()
        burner.kill()


def burn():
    """A quarter of a processor, in pieces of all lengths."""
    end_with_parent()
    while True:
        until = time.monotonic() + random.expovariate(1 / 0.1)
        while time.monotonic() < until:
            pass
        time.sleep(random.expovariate(1 / 0.3))


def record(path, kind, client, server, router, number):
    low = 20_000 + number % 60 * PORTS_EACH
    client.sysctl('ipv4/ip_local_port_range', '%d %d' % (low, low + PORTS_EACH - 1))
    with contextlib.ExitStack() as stack:
        rules = rules_of(kind, router)
        stack.callback(lambda: [router.mend(rule) for rule in rules])
        heard, hears = multiprocessing.Pipe(duplex=False)
        serving = multiprocessing.Process(target=serve, args=(server, kind, hears))
        asking = multiprocessing.Process(target=ask_all, args=(client, server.address, kind))
        serving.start()
        stack.callback(end, serving)
        heard.recv()
        unfinished = path + '.part'
        tcpdump = client.start(
            ['tcpdump', '-i', 'eth0', '-n', '--immediate-mode', '-Z', 'root', '-s', str(KEPT), '-w', unfinished,
             'tcp port %d and portrange %d-%d' % (PORT, low, low + PORTS_EACH - 1)],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )
        stack.callback(tcpdump.kill)
        tcpdump.stderr.readline()  # "listening on", after privileges if there is a line on these
        asking.start()
        stack.callback(end, asking)
        asking.join(60)
        time.sleep(SETTLE)
        tcpdump.send_signal(signal.SIGINT)
        tcpdump.communicate(timeout=10)
        if asking.exitcode == 0:
            os.rename(unfinished, path)
        else:
            print('%s: FAILED' % path, flush=True)


def end(process):
    process.kill()
    process.join()


def rules_of(kind, router):
    if kind.loss:
        return [router.drop(lambda packet: random.random() < kind.loss)]
    if kind.slower:
        return [router.hold(lambda packet: packet.flags & (SYN | ACK) == SYN | ACK, kind.slower)]
    return []


def serve(host, kind, hears):
    end_with_parent()
    with host.entered():
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host.address, PORT))
        listener.listen(0 if kind.accepting else 128)
        hears.send('listening')
        while True:
            connection, _ = listener.accept()
            time.sleep(kind.accepting)
            threading.Thread(target=answer, args=(connection, kind), daemon=True).start()


def answer(connection, kind):
    """Answers requests until the client has closed."""
    random.seed()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    asked = b''
    with connection, contextlib.suppress(OSError):
        while received := connection.recv(65536):
            asked += received
            while len(asked) >= REQUEST:
                idle, asked = asked[:1] == b'i', asked[REQUEST:]
                if idle:
                    if random.random() < kind.probed:
                        probe(connection)
                    continue
                time.sleep(random.expovariate(1 / THINKING))
                connection.sendall(b'y' * RESPONSE)
        if random.random() < kind.aborts:
            abort_on_close(connection)


def probe(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option in socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL:
        connection.setsockopt(socket.IPPROTO_TCP, option, 1)


def ask_all(host, server, kind):
    """Every connection of a recording."""
    end_with_parent()
    requests = 1 if kind.single else REQUESTS
    left = [requests] * (CONNECTIONS * REQUESTS // requests)
    with host.entered():
        threads = [threading.Thread(target=ask_some, args=(server, left)) for _ in range(CLIENTS)]
        threads += [threading.Thread(target=hold, args=(server,))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def ask_some(server, left):
    while left:
        with contextlib.suppress(IndexError):
            ask(server, left.pop())


def ask(server, requests):
    with contextlib.suppress(OSError), socket.create_connection((server, PORT), timeout=20) as connection:
        for _ in range(requests):
            connection.sendall(b'x' * REQUEST)
            missing = RESPONSE
            while missing and (received := connection.recv(65536)):
                missing -= len(received)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)


def hold(server):
    """Connections that are open, with nothing to say."""
    with contextlib.ExitStack() as stack:
        began = time.monotonic()
        for _ in range(IDLE):
            with contextlib.suppress(OSError):
                connection = stack.enter_context(socket.create_connection((server, PORT), timeout=20))
                connection.sendall(b'i' * REQUEST)
        time.sleep(max(0, began + HELD - time.monotonic()))


if __name__ == '__main__':
    sys.exit(main())
