"""Polls sock_diag in both hosts: it alone shows request sockets (SYN_RECV) and the minisockets of FIN_WAIT2 and
TIME_WAIT, which have no tracepoint."""
import multiprocessing
import signal
import socket
import struct
import time

from .kernel import STATES, row
from .network import end_with_parent

NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY, NLMSG_ERROR, NLMSG_DONE = 20, 2, 3
REQUEST_DUMP = 0x301
NOT_LISTENING = 0xFFF & ~(1 << 10) & ~(1 << 7)  # a bit a state, but LISTEN and CLOSE
MINISOCKETS = ('TIME_WAIT', 'FIN_WAIT2', 'SYN_RECV')
INTERVAL = 0.001


class Poller:
    """A process of its own, so that its work delays no packet. `stop` gives (seconds, line) of every change."""

    def __init__(self, hosts):
        self.ready, self.stopped = multiprocessing.Event(), multiprocessing.Event()
        self.results, child = multiprocessing.Pipe(duplex=False)
        self.process = multiprocessing.Process(target=self.poll, args=(hosts, child), daemon=True)
        self.process.start()
        self.ready.wait(5)

    def stop(self):
        self.stopped.set()
        lines = self.results.recv()
        self.process.join()
        return lines

    def kill(self):
        if self.process.is_alive():
            self.process.kill()
            self.process.join()

    def poll(self, hosts, answer):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this ends it
        end_with_parent()
        links, known = [], {}
        for host in hosts:
            with host.entered():
                links.append((host, socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG)))
        lines = []
        self.ready.set()
        while not self.stopped.is_set():
            for host, link in links:
                now = sockets(link, socket.AF_INET6 if host.ipv6 else socket.AF_INET)
                seconds = time.time()
                before = known.get(host.name, {})
                if now != before:
                    for ends in sorted(set(before) | set(now)):
                        old, new = before.get(ends, '-'), now.get(ends, '-')
                        if old != new:
                            lines.append((seconds, row(seconds, host.name, 'diag', ends[0:2], ends[2:4], old, new)))
                    known[host.name] = now
            time.sleep(INTERVAL)
        answer.send(lines)


def sockets(link, family):
    """{(address, port, peer's address, peer's port): state} of every TCP socket but listeners."""
    request = struct.pack('IHHII', 72, SOCK_DIAG_BY_FAMILY, REQUEST_DUMP, 1, 0)
    link.send(request + struct.pack('BBBBI', family, socket.IPPROTO_TCP, 0, 0, NOT_LISTENING) + bytes(48))
    found = {}
    while True:
        data, at = link.recv(1 << 18), 0
        while at < len(data):
            length, kind = struct.unpack_from('IH', data, at)
            if kind in (NLMSG_DONE, NLMSG_ERROR):
                return found
            state = STATES[data[at + 17]]
            sport, dport = struct.unpack_from('!HH', data, at + 20)
            octets = 16 if data[at + 16] == socket.AF_INET6 else 4
            source, destination = data[at + 24:at + 24 + octets], data[at + 40:at + 40 + octets]
            ends = (socket.inet_ntop(data[at + 16], source), sport, socket.inet_ntop(data[at + 16], destination), dport)
            # of a full socket and a minisocket with the same four numbers, the full one
            if ends not in found or found[ends] in MINISOCKETS:
                found[ends] = state
            at += length + 3 & ~3
