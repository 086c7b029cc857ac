"""What happens in each recording: one long file, so that a case is read next to those like it.

A scenario is a function of the world: `client`, `server`, and the `router` between them, through which every packet
takes 5 ms each way unless it says otherwise. Its docstring is the description.
"""
import contextlib
import random
import socket
import struct
import threading
import time

from .network import abort_on_close, choose_isn, vanish
from .router import ACK, RST, SYN, ipv4_tcp

ALL = []
PORT = 80
TCP = socket.IPPROTO_TCP
TCP_USER_TIMEOUT, MSG_FASTOPEN = 18, 0x20000000
RTT = 0.010
HOUR_GLASS = 0.06  # seconds in which a round trip and the kernel's work are surely over
REQUEST, RESPONSE = b'GET / HTTP/1.0\r\n\r\n', b'HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n'


class Scenario:
    def __init__(self, play, ipv6, vlan, pcapng, nanoseconds, kept, delay, late, sysctls):
        self.play, self.ipv6, self.vlan, self.pcapng, self.nanoseconds = play, ipv6, vlan, pcapng, nanoseconds
        self.kept, self.delay, self.late, self.sysctls = kept, delay, late, sysctls
        self.name = play.__name__.replace('_', '-')
        self.description = ' '.join(play.__doc__.split())


def scenario(ipv6=False, vlan=None, pcapng=False, nanoseconds=False, kept=2048, delay=RTT / 2, late=False,
             **sysctls):
    """`kept`: octets of each packet in the files; `late`: the scenario says when the captures begin; sysctls: of
    net.ipv4, on both hosts."""

    def add(play):
        ALL.append(Scenario(play, ipv6, vlan, pcapng, nanoseconds, kept, delay, late,
                            {'ipv4/' + name: value for name, value in sysctls.items()}))
        return play

    return add


def connect(world, port=40001, options=(), server_options=()):
    """An established connection: the client's socket and the server's."""
    listener = world.server.listen(PORT, options=server_options)
    client = world.client.socket(port, options=options)
    client.connect((world.server.address, PORT))
    server = world.server.accept(listener)
    pause()
    return client, server


def exchange(client, server):
    """A request and its response."""
    client.sendall(REQUEST)
    read(server, len(REQUEST))
    server.sendall(RESPONSE)
    read(client, len(RESPONSE))
    pause()


def read(sock, octets):
    while octets:
        got = sock.recv(octets)
        if not got:
            return
        octets -= len(got)


def read_to_end(sock):
    octets = 0
    while got := sock.recv(65536):
        octets += len(got)
    return octets


def close_in_turn(first, second):
    """`first` closes; `second` closes when it sees the end."""
    first.close()
    second.recv(1)
    second.close()
    pause()


def start_connecting(world, port, to=PORT):
    """A connect() under way, not waited for."""
    client = world.client.socket(port)
    client.setblocking(False)
    client.connect_ex((world.server.address, to))
    return client


def reject(rule):
    """A packet filter for what comes in, in nft's language."""
    return 'table ip filter {\n chain input {\n type filter hook input priority 0\n %s\n }\n}\n' % rule


def ask_in_syn(world, listener, port):
    """A connection whose request is in the SYN, if there is a cookie for it."""
    client = world.client.socket(port)
    client.settimeout(None)
    client.sendto(REQUEST, MSG_FASTOPEN, (world.server.address, PORT))
    server = world.server.accept(listener)
    read(server, len(REQUEST))
    return client, server


def pause(seconds=HOUR_GLASS):
    time.sleep(seconds)


def keep_alive(idle=1, interval=1, probes=3):
    return [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), (TCP, socket.TCP_KEEPIDLE, idle),
            (TCP, socket.TCP_KEEPINTVL, interval), (TCP, socket.TCP_KEEPCNT, probes)]


# Opening and closing as it should be


@scenario()
def three_way_close(world):
    """The client closes, the server closes when it sees the end: ACK and FIN in one segment"""
    client, server = connect(world)
    exchange(client, server)
    close_in_turn(client, server)


@scenario()
def four_way_close(world):
    """The server closes first, the client a while later: FIN, ACK, FIN, ACK"""
    client, server = connect(world)
    exchange(client, server)
    server.close()
    pause(0.2)
    client.close()
    pause()


@scenario()
def fin_with_data(world):
    """The server's last octets and its FIN share a segment"""
    client, server = connect(world)
    client.sendall(REQUEST)
    read(server, len(REQUEST))
    server.setsockopt(TCP, socket.TCP_CORK, 1)
    server.sendall(RESPONSE)
    server.close()
    read_to_end(client)
    client.close()
    pause()


@scenario()
def half_close(world):
    """The client shuts down writing and goes on reading: the server sends for a while, then closes"""
    client, server = connect(world)
    client.sendall(REQUEST)
    client.shutdown(socket.SHUT_WR)
    read_to_end(server)
    for _ in range(3):
        pause(0.1)
        server.sendall(RESPONSE)
    server.close()
    read_to_end(client)
    client.close()
    pause()


@scenario(delay=0.020)
def simultaneous_open(world):
    """Both ends connect to each other at the same moment: the SYNs cross"""
    client, server = world.client.socket(40001), world.server.socket(PORT)
    for each, other in (client, (world.server.address, PORT)), (server, (world.client.address, 40001)):
        each.setblocking(False)
        each.connect_ex(other)
    pause(0.15)
    for each in client, server:
        each.settimeout(5)
    client.sendall(REQUEST)
    read(server, len(REQUEST))
    close_in_turn(client, server)
    pause(0.1)


@scenario(delay=0.020)
def simultaneous_close(world):
    """Both ends close at the same moment: the FINs cross, both pass CLOSING into TIME_WAIT"""
    client, server = connect(world)
    exchange(client, server)
    client.close()
    server.close()
    pause(0.15)


@scenario(nanoseconds=True)
def no_payload(world):
    """Opened and closed, not an octet either way: a health check (nanosecond timestamps)"""
    close_in_turn(*connect(world))


@scenario(ipv6=True)
def ipv6(world):
    """A request and a response over IPv6, the server closes first"""
    client, server = connect(world)
    exchange(client, server)
    close_in_turn(server, client)


@scenario(vlan=10)
def vlan(world):
    """A request and a response with both hosts in VLAN 10"""
    client, server = connect(world)
    exchange(client, server)
    close_in_turn(client, server)


@scenario(pcapng=True)
def pcapng(world):
    """A request and a response, captured by dumpcap as pcapng"""
    client, server = connect(world)
    exchange(client, server)
    close_in_turn(client, server)


@scenario(late=True)
def late_capture(world):
    """The capture begins in mid-connection, after a first request"""
    client, server = connect(world)
    exchange(client, server)
    world.begin()
    exchange(client, server)
    close_in_turn(client, server)


@scenario()
def ended_open(world):
    """A connection that is still open when the capture ends"""
    exchange(*connect(world))


@scenario(kept=96)
def many_connections(world):
    """Forty connections of one client, three at a time, closed by either side, some reset, some refused"""
    listener = world.server.listen(PORT, 64)
    for i in range(40):
        if i % 10 == 9:
            with contextlib.suppress(ConnectionRefusedError):
                world.client.socket(41000 + i).connect((world.server.address, 81))
            continue
        client = world.client.socket(41000 + i)
        client.connect((world.server.address, PORT))
        server = world.server.accept(listener)
        client.sendall(REQUEST)
        read(server, len(REQUEST))
        server.sendall(RESPONSE)
        read(client, len(RESPONSE))
        if i % 7 == 6:
            abort_on_close(client)
        first, second = (client, server) if i % 2 else (server, client)
        first.close()
        with contextlib.suppress(ConnectionResetError):
            second.recv(1)
        second.close()
    pause(0.1)


# Handshakes that fail, or nearly


@scenario()
def refused(world):
    """Nobody listens on the port: the SYN is answered by a RST"""
    with contextlib.suppress(ConnectionRefusedError):
        world.client.socket(40001).connect((world.server.address, 81))
    pause()


@scenario(tcp_syn_retries=1, tcp_syn_linear_timeouts=0)
def unanswered(world):
    """The SYN and its repeat are lost: the client gives up in SYN_SENT"""
    world.router.drop(lambda packet: packet.syn)
    with contextlib.suppress(TimeoutError):
        world.client.socket(40001).connect((world.server.address, PORT))
    pause()


@scenario()
def syn_unreachable(world):
    """The server's packet filter answers the SYN with an ICMP error"""
    world.server.nft(reject('tcp dport 80 reject with icmp type port-unreachable'))
    with contextlib.suppress(OSError):
        world.client.socket(40001).connect((world.server.address, PORT))
    pause()


@scenario(tcp_synack_retries=1)
def half_open(world):
    """A SYN from an address that never answers: the server repeats its SYN+ACK, then forgets"""
    world.server.listen(PORT)
    world.client.raw(ipv4_tcp('203.0.113.7', world.server.v4, 50000, PORT, SYN, 0x12345678,
                              options=struct.pack('!BBH', 2, 4, 1460)), world.server.v4)
    pause(3.5)


@scenario(tcp_synack_retries=2)
def half_open_ack_lost(world):
    """The client believes the connection open: every ACK of the SYN+ACK is lost"""
    world.server.listen(PORT)
    world.router.drop(lambda packet: packet.sender == 'client' and not packet.syn)
    world.client.socket(40001).connect((world.server.address, PORT))
    pause(3.3)


@scenario(tcp_synack_retries=1, tcp_syncookies=0, tcp_max_syn_backlog=1024, kept=96)
def syn_flood(world):
    """200 SYNs from as many forged addresses, and one client that gets through"""
    listener = world.server.listen(PORT, 512)
    for i in range(200):
        packet = ipv4_tcp('203.0.113.%d' % (i + 1), world.server.v4, 1024 + i * 97, PORT, SYN, i * 0x01234567,
                          options=struct.pack('!BBH', 2, 4, 1460))
        world.client.raw(packet, world.server.v4)
        pause(0.002)
    client = world.client.socket(40001)
    client.connect((world.server.address, PORT))
    server = world.server.accept(listener)
    exchange(client, server)
    close_in_turn(client, server)
    pause(1.2)


@scenario(tcp_max_syn_backlog=8, tcp_synack_retries=1, kept=96)
def syn_cookies(world):
    """More SYNs than the server's queue holds: it answers the rest with cookies, and a client completes with one"""
    listener = world.server.listen(PORT, 8)
    for i in range(24):
        packet = ipv4_tcp('203.0.113.%d' % (i + 1), world.server.v4, 1024 + i * 97, PORT, SYN, i * 0x01234567,
                          options=struct.pack('!BBH', 2, 4, 1460))
        world.client.raw(packet, world.server.v4)
        pause(0.002)
    client = world.client.socket(40001)
    client.connect((world.server.address, PORT))
    client.sendall(REQUEST)
    server = world.server.accept(listener)
    read(server, len(REQUEST))
    close_in_turn(client, server)


@scenario()
def syn_retransmitted(world):
    """The first SYN is lost, its repeat a second later gets through"""
    world.router.drop(lambda packet: packet.syn, times=1)
    close_in_turn(*connect(world))


@scenario()
def syn_ack_lost(world):
    """The first SYN+ACK is lost: both sides repeat"""
    world.router.drop(lambda packet: packet.syn and packet.sender == 'server', times=1)
    close_in_turn(*connect(world))
    pause(0.5)


@scenario()
def final_ack_lost(world):
    """The handshake's ACK is lost; the client's data completes it"""
    world.router.drop(lambda packet: packet.pure_ack, times=1)
    listener = world.server.listen(PORT)
    client = world.client.socket(40001)
    client.connect((world.server.address, PORT))
    pause(0.1)
    client.sendall(REQUEST)
    server = world.server.accept(listener)
    read(server, len(REQUEST))
    close_in_turn(client, server)


@scenario(tcp_fastopen=3)
def fast_open(world):
    """The first connection asks for a cookie, the second carries its request in the SYN"""
    listener = world.server.listen(PORT, options=[(TCP, socket.TCP_FASTOPEN, 16)])
    for port in 40001, 40002:
        client, server = ask_in_syn(world, listener, port)
        server.sendall(RESPONSE)
        read(client, len(RESPONSE))
        pause()
        close_in_turn(client, server)


@scenario(tcp_fastopen=3)
def fast_open_refused(world):
    """The server no longer knows the cookie: the SYN's data is not acknowledged and sent again"""
    listener = world.server.listen(PORT, options=[(TCP, socket.TCP_FASTOPEN, 16)])
    for port in 40001, 40002:
        client, server = ask_in_syn(world, listener, port)
        pause()
        close_in_turn(client, server)
        world.server.sysctl('ipv4/tcp_fastopen_key', '11111111-22222222-33333333-44444444')


@scenario()
def defer_accept(world):
    """TCP_DEFER_ACCEPT: the server ignores the handshake's ACK and waits for data"""
    listener = world.server.listen(PORT, options=[(TCP, socket.TCP_DEFER_ACCEPT, 3)])
    client = world.client.socket(40001)
    client.connect((world.server.address, PORT))
    pause(1.5)
    client.sendall(REQUEST)
    server = world.server.accept(listener)
    read(server, len(REQUEST))
    close_in_turn(client, server)


@scenario()
def accept_queue_full(world):
    """Two handshakes at once and room for one: the third client's ACK and data are ignored until the server accepts"""
    listener, clients = crowd(world)
    clients[2].sendall(REQUEST)
    pause(0.7)
    for client in clients:
        server = world.server.accept(listener)
        if client is clients[2]:
            read(server, len(REQUEST))
        close_in_turn(client, server)


@scenario(tcp_abort_on_overflow=1)
def accept_queue_reset(world):
    """As accept-queue-full, but the server is set to reset what it has no room for"""
    listener, clients = crowd(world)
    for client in clients[:2]:
        close_in_turn(client, world.server.accept(listener))


def crowd(world):
    """A listener whose accept queue holds two connections, and three clients that believe to be connected."""
    listener = world.server.listen(PORT, 1)
    clients = [world.client.socket(40001)]
    clients[0].connect((world.server.address, PORT))
    pause()
    clients += [start_connecting(world, 40002), start_connecting(world, 40003)]
    pause(0.1)
    for client in clients:
        client.settimeout(10)
    return listener, clients


@scenario(tcp_syn_retries=1, tcp_syn_linear_timeouts=0)
def syn_dropped_by_listener(world):
    """The accept queue is full: a third client's SYNs stay unanswered until it gives up"""
    listener = world.server.listen(PORT, 0)
    first = world.client.socket(40001)
    first.connect((world.server.address, PORT))
    pause()
    with contextlib.suppress(TimeoutError):
        world.client.socket(40002).connect((world.server.address, PORT))
    close_in_turn(first, world.server.accept(listener))


@scenario()
def handshake_aborted(world):
    """The client closes while the SYN+ACK is on its way: it is answered by a RST"""
    world.server.listen(PORT)
    client = start_connecting(world, 40001)
    pause(0.003)
    client.close()
    pause()


# Resets


@scenario()
def reset_linger_zero(world):
    """The client closes with SO_LINGER 0: a RST instead of a FIN"""
    client, server = connect(world)
    exchange(client, server)
    abort_on_close(client)
    client.close()
    pause()


@scenario()
def reset_unread_data(world):
    """The server closes before it has read the request: a RST"""
    client, server = connect(world)
    client.sendall(REQUEST)
    pause()
    server.close()
    pause()


@scenario()
def reset_in_flight(world):
    """The server aborts while the client's data and FIN are on their way: each of them draws one more RST"""
    client, server = connect(world)
    world.router.hold(lambda packet: packet.sender == 'client' and (packet.length or packet.fin), 0.020)
    client.sendall(REQUEST)
    pause(0.010)
    client.sendall(REQUEST)
    client.close()
    server.recv(1)
    abort_on_close(server)
    server.close()
    pause(0.1)


@scenario(kept=96)
def burst_after_close(world):
    """The client closes while a response of three segments and a FIN is on its way: a RST for each"""
    client, server = connect(world)
    client.sendall(REQUEST)
    read(server, len(REQUEST))
    server.sendall(bytes(4000))
    server.close()
    client.close()
    pause()


@scenario(tcp_early_retrans=0)
def fin_before_lost_data(world):
    """The client's data is lost, its FIN is not; the server has closed when the data comes again, and resets"""
    client, server = connect(world)
    world.router.drop(lambda packet: packet.sender == 'client' and packet.length, times=2)
    client.sendall(REQUEST)
    client.close()
    pause(0.05)
    server.close()
    pause(1)


@scenario()
def data_after_close(world):
    """The client closes, the server still sends: its data is answered by a RST"""
    client, server = connect(world)
    exchange(client, server)
    client.close()
    pause()
    server.sendall(RESPONSE)
    pause()


@scenario()
def linger2_abort(world):
    """TCP_LINGER2 -1: when its FIN is acknowledged the client resets rather than wait in FIN_WAIT2"""
    client, server = connect(world)
    exchange(client, server)
    client.setsockopt(TCP, socket.TCP_LINGER2, -1)
    client.close()
    pause()


@scenario()
def abort_lost(world):
    """The client's RST is lost: the server goes on, closes, and its FIN meets no socket"""
    client, server = connect(world)
    exchange(client, server)
    world.router.drop(lambda packet: packet.rst, times=1)
    abort_on_close(client)
    client.close()
    pause(0.3)
    server.close()
    pause()


@scenario(tcp_early_retrans=0)
def fin_wait2_reset(world):
    """The server waits in FIN_WAIT2; the client's last data is lost and its RST lies beyond the hole: unchallenged"""
    client, server = connect(world)
    exchange(client, server)
    server.close()
    pause()
    world.router.drop(lambda packet: packet.length and packet.sender == 'client', times=1)
    client.sendall(REQUEST)
    abort_on_close(client)
    client.close()
    pause(0.2)


@scenario()
def fin_wait2_expired(world):
    """The client's FIN_WAIT2 runs out after 1 s; the server's data then meets no socket"""
    client, server = connect(world)
    exchange(client, server)
    client.setsockopt(TCP, socket.TCP_LINGER2, 1)
    client.close()
    pause(2.3)
    server.sendall(RESPONSE)
    pause()


@scenario()
def reset_by_passive_closer(world):
    """The client has shut down writing; the server answers with a RST instead of a FIN"""
    client, server = connect(world)
    exchange(client, server)
    client.shutdown(socket.SHUT_WR)
    pause()
    abort_on_close(server)
    server.close()
    pause()


@scenario()
def reset_unaccepted(world):
    """The listener closes with two connections never accepted: both are reset"""
    listener = world.server.listen(PORT)
    for port in 40001, 40002:
        world.client.socket(port).connect((world.server.address, PORT))
    pause()
    listener.close()
    pause()


@scenario()
def reset_challenged(world):
    """A forged RST inside the window is challenged and changes nothing; one with the exact number ends the server"""
    client, server = connect(world)
    exchange(client, server)
    seq = world.router.last['server'].ack
    for number in seq + 10, seq:
        world.router.inject('client', ipv4_tcp(world.client.v4, world.server.v4, 40001, PORT, RST, number, window=0))
        pause()
    client.sendall(REQUEST)
    pause()


@scenario()
def reset_out_of_window(world):
    """A forged RST far outside the window is ignored; the connection closes in order"""
    client, server = connect(world)
    exchange(client, server)
    seq = world.router.last['server'].ack
    world.router.inject('client', ipv4_tcp(world.client.v4, world.server.v4, 40001, PORT, RST, seq + 0x40000000, window=0))
    pause()
    exchange(client, server)
    close_in_turn(client, server)


@scenario()
def reset_sender_alive(world):
    """The server host's packet filter rejects a segment with a RST; the server itself knows nothing and sends"""
    client, server = connect(world)
    exchange(client, server)
    world.server.nft(reject('tcp flags & psh == psh reject with tcp reset'))
    client.sendall(REQUEST)
    pause()
    server.sendall(RESPONSE)
    pause()


@scenario()
def reset_bad_checksum(world):
    """A RST with the right number and a wrong checksum: the server drops it, and the exchange goes on"""
    client, server = connect(world)
    exchange(client, server)
    forged = ipv4_tcp(world.client.v4, world.server.v4, 40001, PORT, RST, world.router.last['server'].ack, window=0)
    world.router.inject('client', forged[:36] + bytes([forged[36] ^ 0x55]) + forged[37:])
    pause()
    exchange(client, server)
    close_in_turn(client, server)


@scenario()
def half_open_discovered(world):
    """The client's host forgets the connection and connects again: challenge ACK, RST, and the next SYN succeeds"""
    client, server = connect(world)
    exchange(client, server)
    vanish(client)
    pause()
    listener = world.server.sockets[0]
    client = world.client.socket(40001)
    client.connect((world.server.address, PORT))
    close_in_turn(client, world.server.accept(listener))


@scenario()
def reset_peer_restarted(world):
    """The client's host forgets the connection; what the server sends is answered by a RST"""
    client, server = connect(world)
    exchange(client, server)
    vanish(client)
    pause()
    server.sendall(RESPONSE)
    pause()


# Silence


@scenario()
def pulled_cable(world):
    """The cable is pulled in mid-connection: the client repeats its data until its user timeout"""
    client, server = connect(world)
    exchange(client, server)
    client.setsockopt(TCP, TCP_USER_TIMEOUT, 3000)
    world.router.cut()
    client.sendall(REQUEST)
    with contextlib.suppress(OSError):
        client.recv(1)
    pause()


@scenario()
def gave_up_silently(world):
    """The client gives up repeating without a word; when the path is back the server's data is answered by a RST"""
    client, server = connect(world)
    exchange(client, server)
    client.setsockopt(TCP, TCP_USER_TIMEOUT, 1500)
    cut = world.router.cut()
    client.sendall(REQUEST)
    with contextlib.suppress(OSError):
        client.recv(1)
    world.router.mend(cut)
    server.sendall(RESPONSE)
    pause()


@scenario()
def keepalive(world):
    """An idle connection whose keep-alive probes are answered"""
    client, server = connect(world, options=keep_alive())
    exchange(client, server)
    pause(3.3)
    close_in_turn(client, server)


@scenario()
def keepalive_unanswered(world):
    """The cable is pulled on an idle connection: three probes unanswered, then the client resets"""
    client, server = connect(world, options=keep_alive())
    exchange(client, server)
    world.router.cut()
    with contextlib.suppress(OSError):
        client.recv(1)
    pause()


@scenario(kept=96)
def zero_window(world):
    """The server does not read: its window closes, is probed, and opens again"""
    client, server = connect(world, server_options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)])
    client.setblocking(False)
    sent = 0
    for _ in range(20):
        with contextlib.suppress(BlockingIOError):
            sent += client.send(b'z' * 1000)
        pause(0.02)
    pause(1.2)
    client.settimeout(10)
    read(server, sent)
    close_in_turn(client, server)


# Loss and order


@scenario(kept=96)
def loss(world):
    """Three data segments and a repeat are lost on the way; SACK tells which"""
    lossy_transfer(world)


@scenario(kept=96, tcp_sack=0)
def loss_without_sack(world):
    """The same losses without SACK"""
    lossy_transfer(world)


@scenario(kept=96, tcp_timestamps=0, tcp_early_retrans=0, tcp_recovery=0)
def loss_of_tail(world):
    """The last segment of a response is lost, with nothing behind it to tell: a timeout"""
    client, server = connect(world)
    world.router.drop(lambda packet: packet.flags & 8 and packet.sender == 'server', times=1)
    server.sendall(bytes(5000))
    read(client, 5000)
    pause()
    close_in_turn(client, server)


@scenario(kept=96)
def reordering(world):
    """A data segment is overtaken by three others: duplicate ACKs, and nothing was lost"""
    client, server = connect(world)
    seen = []
    world.router.hold(lambda packet: packet.length and not seen.append(0) and len(seen) in (4, 12), 0.004)
    client.sendall(bytes(30_000))
    read(server, 30_000)
    pause()
    close_in_turn(client, server)


@scenario(kept=96)
def spurious_retransmission(world):
    """An ACK is held back for half a second: the data is sent again though it had arrived"""
    client, server = connect(world)
    exchange(client, server)
    world.router.hold(lambda packet: packet.sender == 'server', 0.5, times=1)
    client.sendall(REQUEST)
    read(server, len(REQUEST))
    pause(0.8)
    exchange(client, server)
    close_in_turn(client, server)


@scenario(kept=96)
def duplicated(world):
    """Every fifth packet of a transfer arrives twice, the second time 3 ms later: D-SACKs, and nothing is sent again"""
    client, server = connect(world)
    seen = []
    world.router.copy(lambda packet: not seen.append(0) and len(seen) % 5 == 0, 0.003)
    client.sendall(bytes(30_000))
    read(server, 30_000)
    pause()
    close_in_turn(client, server)


@scenario(kept=96)
def sequence_wrap(world):
    """The sequence numbers pass 2^32 in mid-transfer; what lies across it is lost once"""
    listener = world.server.listen(PORT)
    client = world.client.socket(40001)
    choose_isn(client, 0xFFFFFFFF - 5000)
    client.connect((world.server.address, PORT))
    server = world.server.accept(listener)
    world.router.drop(lambda packet: packet.length and packet.seq > 0xFFFFFFFF - 1448, times=1)
    client.sendall(bytes(20_000))
    read(server, 20_000)
    pause()
    close_in_turn(client, server)


@scenario(kept=96)
def acks_lost(world):
    """Half the ACKs are lost; later ones make good for them"""
    client, server = connect(world)
    seen = []
    world.router.drop(lambda packet: packet.sender == 'server' and packet.pure_ack and not seen.append(0) and len(seen) % 2)
    client.sendall(bytes(40_000))
    read(server, 40_000)
    pause(0.3)
    close_in_turn(client, server)


def lossy_transfer(world):
    client, server = connect(world)
    lost = set()
    base = world.router.last['client'].seq

    def unlucky(packet):
        """The 3rd, 9th and 10th kilooctet once, the 9th twice."""
        if not packet.length or packet.sender != 'client':
            return False
        place = (packet.seq - base & 0xFFFFFFFF) // 1448
        if place in (3, 9, 10) and (place, 1) not in lost:
            lost.add((place, 1))
            return True
        if place == 9 and (place, 2) not in lost:
            lost.add((place, 2))
            return True
        return False

    world.router.drop(unlucky)
    client.sendall(bytes(40_000))
    read(server, 40_000)
    pause()
    close_in_turn(client, server)


@scenario(kept=80)
def hundreds(world):
    """150 connections within two seconds, a packet in twenty lost, late or doubled; every way to end"""
    chance = random.Random(2026)
    world.router.drop(lambda packet: chance.random() < 0.05)
    world.router.hold(lambda packet: not packet.syn and chance.random() < 0.05, 0.012)
    world.router.copy(lambda packet: packet.length and chance.random() < 0.05, 0.002)
    listener = world.server.listen(PORT, 128)
    threads = [threading.Thread(target=visit, args=(world, 41000 + i, 2), daemon=True) for i in range(150)]
    threads.append(threading.Thread(target=serve, args=(world, listener), daemon=True))
    for each in threads:
        each.start()
    for each in threads:
        each.join(12)
    pause(1)


@scenario(kept=96)
def rough_weather(world):
    """Twenty connections at once, one packet in ten lost, one in ten late; both ends close as they like"""
    chance = random.Random(1748)
    world.router.drop(lambda packet: chance.random() < 0.1)
    world.router.hold(lambda packet: chance.random() < 0.1, 0.015)
    listener = world.server.listen(PORT, 64)
    threads = [threading.Thread(target=visit, args=(world, 41000 + i), daemon=True) for i in range(20)]
    threads.append(threading.Thread(target=serve, args=(world, listener), daemon=True))
    for each in threads:
        each.start()
    for each in threads:
        each.join(12)
    pause(1)


def visit(world, port, within=1):
    """A client that comes within so many seconds, sends, and leaves in one of five ways."""
    chance = random.Random(port)
    client = world.client.socket(port)
    client.settimeout(5)
    time.sleep(chance.random() * within)
    with contextlib.suppress(OSError):
        client.connect((world.server.address, PORT))
        manner = chance.choice(['read', 'leave', 'shut down', 'abort', 'say nothing'])
        if manner != 'say nothing':
            client.sendall(bytes(chance.choice([5, 100, 5000])))
        if manner == 'shut down':
            client.shutdown(socket.SHUT_WR)
            read_to_end(client)
        elif manner == 'read':
            client.recv(100)
        elif manner == 'abort':
            time.sleep(chance.random() / 10)
            abort_on_close(client)
    client.close()


def serve(world, listener):
    """Answers whoever comes within three seconds, each in a thread of its own."""
    chance = random.Random(80)
    until = time.monotonic() + 3
    listener.settimeout(0.5)
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            server = world.server.accept(listener)
            threading.Thread(target=answer, args=(server, chance.random()), daemon=True).start()


def answer(server, luck):
    server.settimeout(5)
    with contextlib.suppress(OSError):
        if luck < 0.3:
            server.sendall(server.recv(5000))
            server.recv(1)
        elif luck < 0.5:
            read_to_end(server)
            server.sendall(bytes(4000))
        elif luck < 0.7:
            server.sendall(bytes(3000))
        elif luck < 0.85:
            server.recv(10)
            abort_on_close(server)
        else:
            time.sleep(0.3)
    server.close()


@scenario()
def fin_retransmitted(world):
    """The client's first FIN is lost and repeated"""
    client, server = connect(world)
    exchange(client, server)
    world.router.drop(lambda packet: packet.fin, times=1)
    close_in_turn(client, server)


@scenario(tcp_orphan_retries=3)
def fin_unanswered(world):
    """The cable is pulled before the client closes: its FIN is repeated and never acknowledged"""
    client, server = connect(world)
    exchange(client, server)
    world.router.cut()
    client.close()
    pause(3.3)


@scenario()
def last_ack_lost(world):
    """The last ACK is lost: the server repeats its FIN, the client's TIME_WAIT acknowledges it again"""
    client, server = connect(world)
    exchange(client, server)
    client.close()
    server.recv(1)
    world.router.drop(lambda packet: packet.sender == 'client' and packet.pure_ack, times=1)
    server.close()
    pause(0.5)


@scenario(delay=0.020)
def simultaneous_close_fin_lost(world):
    """Both ends close at once and one of the FINs is lost"""
    client, server = connect(world)
    exchange(client, server)
    world.router.drop(lambda packet: packet.fin and packet.sender == 'client', times=1)
    client.close()
    server.close()
    pause(0.6)


@scenario()
def fin_reordered(world):
    """The FIN overtakes the data before it: it counts when the hole is filled"""
    client, server = connect(world)
    exchange(client, server)
    world.router.hold(lambda packet: packet.sender == 'client' and packet.length, 0.010, times=1)
    client.sendall(REQUEST)
    pause(0.002)
    client.close()
    read_to_end(server)
    server.close()
    pause()


# The same ports again


@scenario()
def time_wait_reuse(world):
    """The server closed first and holds TIME_WAIT; the client uses the same port again, with a newer number"""
    client, server = connect(world)
    exchange(client, server)
    close_in_turn(server, client)
    pause(0.3)
    again(world)


@scenario(tcp_tw_reuse=1)
def time_wait_reuse_by_owner(world):
    """The client holds TIME_WAIT itself and connects from the same port again, more than a second later"""
    client, server = connect(world)
    exchange(client, server)
    close_in_turn(client, server)
    pause(1.3)
    again(world)


@scenario(tcp_timestamps=0, tcp_syn_retries=1)
def port_reuse_refused(world):
    """The client's new SYN on a port in TIME_WAIT is older than the old connection: ACK, RST, and the next SYN"""
    client, server = connect(world)
    exchange(client, server)
    old = world.router.last['client'].seq
    close_in_turn(server, client)
    pause(0.3)
    client = world.client.socket(40001)
    choose_isn(client, (old - 100_000) & 0xFFFFFFFF)
    with contextlib.suppress(OSError):
        client.connect((world.server.address, PORT))
    pause(0.2)


@scenario()
def paws_refused(world):
    """A forged segment with the right number and an old timestamp: acknowledged again and thrown away (PAWS)"""
    client, server = connect(world)
    exchange(client, server)
    last = world.router.last['server']
    world.router.inject('client', ipv4_tcp(
        world.client.v4, world.server.v4, 40001, PORT, ACK | 8, last.ack, last.seq + last.length, window=501,
        options=struct.pack('!BBBBII', 1, 1, 8, 10, 1, 1), payload=b'forged'))
    pause()
    exchange(client, server)
    close_in_turn(client, server)


@scenario(tcp_timestamps=0)
def time_wait_assassinated(world):
    """An old segment is answered from TIME_WAIT, that ACK draws a RST, and TIME_WAIT is over"""
    client, server = connect(world)
    exchange(client, server)
    old = world.router.last['client']
    old_seq, old_ack = old.seq - len(REQUEST), old.ack
    close_in_turn(server, client)
    pause(0.2)
    world.router.inject('client', ipv4_tcp(world.client.v4, world.server.v4, 40001, PORT, ACK | 8, old_seq, old_ack,
                                           payload=REQUEST))
    pause(0.2)


@scenario()
def port_reused_after_reset(world):
    """The first connection is reset; the same port at once carries the next"""
    client, server = connect(world)
    exchange(client, server)
    abort_on_close(client)
    client.close()
    pause()
    again(world)


def again(world):
    """The listener's next connection, from the port of the first."""
    client = world.client.socket(40001)
    client.connect((world.server.address, PORT))
    server = world.server.accept(world.server.sockets[0])
    exchange(client, server)
    close_in_turn(client, server)
