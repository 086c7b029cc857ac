"""Two hosts and the wire between them, in network namespaces that die with this process.

The namespaces have no names: only this process's file descriptors (and its children) keep them, so that nothing is
left behind however the recording ends.
"""
import contextlib
import ctypes
import fcntl
import ipaddress
import os
import signal
import socket
import struct
import subprocess
import threading

CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
SIOCETHTOOL = 0x8946
# ethtool's "set" commands for what would make a captured packet differ from a sent segment
OFFLOADS = {'rx checksum': 0x15, 'tx checksum': 0x17, 'scatter-gather': 0x19, 'tso': 0x1F, 'gso': 0x24, 'gro': 0x2C}

TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ = 19, 20, 21

libc = ctypes.CDLL(None, use_errno=True)


def check(result):
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def end_with_parent():
    """The calling process is killed when the one that started it dies."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Namespace:
    """A network namespace, held by a file descriptor."""

    def __init__(self, parent=None):
        made = {}

        # unshare() moves the calling thread alone: a thread of its own, so that this one stays where it is
        def make():
            try:
                if parent:
                    check(libc.setns(parent.fd, CLONE_NEWNET))
                check(libc.unshare(CLONE_NEWNET))
                made['fd'] = os.open('/proc/thread-self/ns/net', os.O_RDONLY | os.O_CLOEXEC)
            except OSError as error:
                made['error'] = error

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        if 'error' in made:
            raise made['error']
        self.fd = made['fd']
        self.path = '/proc/%d/fd/%d' % (os.getpid(), self.fd)

    @contextlib.contextmanager
    def entered(self):
        """Sockets made and sysctls written inside the `with` belong to this namespace."""
        home = os.open('/proc/thread-self/ns/net', os.O_RDONLY | os.O_CLOEXEC)
        check(libc.setns(self.fd, CLONE_NEWNET))
        try:
            yield self
        finally:
            check(libc.setns(home, CLONE_NEWNET))
            os.close(home)

    def start(self, command, **options):
        """Starts a program inside; it is killed when this process dies."""

        def inside():
            libc.setns(self.fd, CLONE_NEWNET)
            end_with_parent()

        return subprocess.Popen(command, preexec_fn=inside, **options)

    def run(self, *command, stdin=None):
        process = self.start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output, _ = process.communicate(stdin and stdin.encode())
        if process.returncode:
            raise RuntimeError('%s: %s' % (' '.join(command), output.decode().strip()))

    def sysctl(self, name, value):
        with self.entered(), open('/proc/sys/net/' + name, 'w') as knob:
            knob.write(str(value))

    def close(self):
        os.close(self.fd)


class Host(Namespace):
    """One end: an interface `eth0`, an IPv4 and an IPv6 address, every route through the router."""

    def __init__(self, parent, name, number):
        super().__init__(parent)
        self.name = name
        self.v4 = '192.0.2.10' if number == 1 else '198.51.100.20'
        self.v6 = '2001:db8:%d::%d' % (number, number * 10)
        self.mac = '02:00:00:00:0%d:01' % number
        self.router_mac = '02:00:00:00:0%d:fe' % number
        self.number = number
        self.ipv6 = False
        self.sockets = []

    def attach(self, router):
        gateway4 = str(ipaddress.ip_address(self.v4) + 100)
        gateway6 = str(ipaddress.ip_address(self.v6) + 100)
        self.sysctl('ipv6/conf/default/accept_dad', 0)
        self.sysctl('ipv6/conf/default/router_solicitations', 0)
        self.sysctl('ipv6/conf/default/addr_gen_mode', 1)
        self.run('ip', 'link', 'add', 'eth0', 'address', self.mac, 'gso_max_segs', '1', 'type', 'veth',
                 'peer', 'name', self.name, 'address', self.router_mac, 'netns', router.path)
        router.run('ip', 'link', 'set', self.name, 'up', 'gso_max_segs', '1')
        self.run('ip', 'link', 'set', 'lo', 'up')
        self.run('ip', 'addr', 'add', self.v4 + '/24', 'dev', 'eth0')
        self.run('ip', 'addr', 'add', self.v6 + '/64', 'dev', 'eth0', 'nodad')
        self.run('ip', 'link', 'set', 'eth0', 'up')
        for gateway, family in (gateway4, '-4'), (gateway6, '-6'):
            self.run('ip', 'neigh', 'add', gateway, 'lladdr', self.router_mac, 'dev', 'eth0', 'nud', 'permanent')
            self.run('ip', family, 'route', 'add', 'default', 'via', gateway, 'dev', 'eth0')
        # a bottleneck-guessing congestion control paces; what is recorded should be the plain standard
        self.sysctl('ipv4/tcp_congestion_control', 'reno')
        without_offloads(self, 'eth0')
        without_offloads(router, self.name)

    @property
    def address(self):
        return self.v6 if self.ipv6 else self.v4

    def socket(self, port=None, linger=None, options=()):
        """A TCP socket of this host; `port` binds it (reusing what waits in TIME_WAIT)."""
        with self.entered():
            made = socket.socket(socket.AF_INET6 if self.ipv6 else socket.AF_INET, socket.SOCK_STREAM)
        made.settimeout(30)
        self.sockets.append(made)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for level, name, value in options:
            made.setsockopt(level, name, value)
        if linger is not None:
            abort_on_close(made, linger)
        if port is not None:
            made.bind((self.address, port))
        return made

    def listen(self, port, backlog=16, options=()):
        listener = self.socket(port, options=options)
        listener.listen(backlog)
        return listener

    def accept(self, listener):
        made, _ = listener.accept()
        made.settimeout(30)
        self.sockets.append(made)
        return made

    def raw(self, packet, destination):
        """Sends an IP packet as it is, whatever source it names."""
        with self.entered(), socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as sender:
            sender.sendto(packet, (destination, 0))

    def nft(self, rules):
        """Loads a packet filter, in nft's own language."""
        self.run('nft', '-f', '-', stdin=rules)

    def abort_all(self):
        """Ends whatever sockets are left, at once and unheard: the recording is over."""
        for each in self.sockets:
            with contextlib.suppress(OSError):
                abort_on_close(each)
                each.close()
        self.sockets = []


def abort_on_close(sock, seconds=0):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, seconds))


def vanish(sock):
    """The socket is gone and nothing is sent: what a crash of the host leaves."""
    sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    sock.close()


def choose_isn(sock, isn):
    """The next connect() of `sock` begins at this initial sequence number."""
    sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, 2)
    sock.setsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ, struct.pack('I', isn))
    sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, -1)  # off, without the window probe


def without_offloads(namespace, interface):
    with namespace.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for command in OFFLOADS.values():
            value = ctypes.create_string_buffer(struct.pack('II', command, 0))
            request = struct.pack('16sP', interface.encode(), ctypes.addressof(value))
            fcntl.ioctl(control, SIOCETHTOOL, request)
