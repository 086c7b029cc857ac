#!/usr/bin/env python3
"""Records before.pcap and after.pcap: a small server and its clients, well, and after three regressions.

Needs root, Linux, iproute2 and tcpdump: it runs in a network namespace of its own, `python3 record.py`.

After: the server accepts slowly with room for one connection, so that SYNs are dropped; it hangs up on every third
client with a reset (SO_LINGER 0); and it forgets to close every fifth connection.
"""

import os
import socket
import struct
import subprocess
import sys
import threading
import time

PORT = 8080
CONNECTIONS = 40
NAMESPACE = 'lastack-example'
HERE = os.path.dirname(os.path.abspath(__file__))


def serve(listener, broken):
    forgotten = []
    for number in range(CONNECTIONS):
        if broken:
            time.sleep(0.03)
        connection, _ = listener.accept()
        if broken:
            answer(connection, number, forgotten)
        else:
            threading.Thread(target=answer, args=(connection, None, forgotten)).start()
    time.sleep(1)


def answer(connection, number, forgotten):
    connection.settimeout(2)
    try:
        connection.recv(1000)
    except TimeoutError:
        pass
    connection.sendall(b'y' * 300)
    if number is not None and number % 3 == 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    elif number is not None and number % 5 == 0:
        forgotten.append(connection)
        return
    else:
        try:
            connection.recv(1000)
        except (TimeoutError, ConnectionResetError):
            pass
    connection.close()


def ask():
    try:
        with socket.create_connection(('127.0.0.1', PORT), timeout=8) as connection:
            connection.sendall(b'x' * 100)
            connection.recv(1000)
    except (TimeoutError, ConnectionResetError):
        pass


def exchange(broken):
    """Every connection of one capture; ends the process, so that what was forgotten is not closed before."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(('127.0.0.1', PORT))
    listener.listen(0 if broken else 100)
    server = threading.Thread(target=serve, args=(listener, broken))
    server.start()
    at_once = 8 if broken else 4
    for _ in range(CONNECTIONS // at_once):
        clients = [threading.Thread(target=ask) for _ in range(at_once)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
    server.join(5)
    os._exit(0)


def record(name):
    path = os.path.join(HERE, f'{name}.pcap')
    inside = ['ip', 'netns', 'exec', NAMESPACE]
    subprocess.run(['ip', 'netns', 'add', NAMESPACE], check=True)
    try:
        subprocess.run([*inside, 'ip', 'link', 'set', 'lo', 'up'], check=True)
        tcpdump = subprocess.Popen(
            [*inside, 'tcpdump', '-i', 'lo', '-U', '--immediate-mode', '-Z', 'root', '-w', path, 'tcp'],
            stderr=subprocess.DEVNULL,
        )
        time.sleep(1)
        try:
            subprocess.run([*inside, sys.executable, os.path.abspath(__file__), name], timeout=60, check=True)
        finally:
            tcpdump.terminate()
            tcpdump.wait()
    finally:
        subprocess.run(['ip', 'netns', 'delete', NAMESPACE], check=True)


if len(sys.argv) > 1:
    exchange(sys.argv[1] == 'after')
else:
    record('before')
    record('after')
