"""Puts a host's interface into a VLAN by two eBPF programs, for kernels without 802.1Q interfaces.

A tag is pushed before the packet leaves and popped after the capture has seen it come in, so both captures show tags
and neither host's IP does.
"""
import ctypes
import os
import platform
import socket
import struct

BPF_PROG_LOAD, BPF_PROG_TYPE_SCHED_CLS = 5, 3
BPF_SYSCALL = {'x86_64': 321, 'aarch64': 280}
VLAN_PUSH, VLAN_POP = 18, 19  # helpers, include/uapi/linux/bpf.h
RTM_NEWQDISC, RTM_NEWTFILTER = 36, 44
NLM_CREATE_ACK = 0x1 | 0x4 | 0x200 | 0x400
CLSACT, INGRESS, EGRESS = 0xFFFFFFF1, 0xFFFFFFF2, 0xFFFFFFF3
TCA_KIND, TCA_OPTIONS = 1, 2
TCA_BPF_FD, TCA_BPF_NAME, TCA_BPF_FLAGS = 6, 7, 8
DIRECT_ACTION = 1


def tag(host, interface, number):
    push = program(move(2, 0x0081), move(3, number), call(VLAN_PUSH), move(0, 0), EXIT)
    pop = program(call(VLAN_POP), move(0, 0), EXIT)
    with host.entered():
        index = socket.if_nametoindex(interface)
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as link:
            ask(link, RTM_NEWQDISC, tcmsg(index, CLSACT, 0xFFFF0000, 0) + attribute(TCA_KIND, b'clsact\0'))
            for parent, fd in (EGRESS, push), (INGRESS, pop):
                options = (attribute(TCA_BPF_FD, struct.pack('I', fd)) + attribute(TCA_BPF_NAME, b'vlan\0') +
                           attribute(TCA_BPF_FLAGS, struct.pack('I', DIRECT_ACTION)))
                every_protocol = 1 << 16 | socket.htons(3)
                ask(link, RTM_NEWTFILTER, tcmsg(index, parent, 0, every_protocol) + attribute(TCA_KIND, b'bpf\0') +
                    attribute(TCA_OPTIONS, options))
    os.close(push)
    os.close(pop)


def instruction(code, target=0, source=0, value=0):
    return struct.pack('<BBhi', code, source << 4 | target, 0, value)


def move(register, value):
    return instruction(0xB7, register, value=value)


def call(helper):
    return instruction(0x85, value=helper)


EXIT = instruction(0x95)


def program(*instructions):
    """Loads a packet program (r1 is the packet) and gives its file descriptor."""
    code = ctypes.create_string_buffer(b''.join(instructions))
    license_ = ctypes.create_string_buffer(b'GPL')
    log = ctypes.create_string_buffer(65536)
    attributes = struct.pack('IIQQIIQ', BPF_PROG_TYPE_SCHED_CLS, len(instructions), ctypes.addressof(code),
                             ctypes.addressof(license_), 1, len(log), ctypes.addressof(log))
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.syscall(BPF_SYSCALL[platform.machine()], BPF_PROG_LOAD, attributes, len(attributes))
    if fd < 0:
        raise OSError(ctypes.get_errno(), 'eBPF: ' + log.value.decode())
    return fd


def tcmsg(index, parent, handle, info):
    if parent == CLSACT:
        return struct.pack('BxxxiIII', 0, index, handle, parent, 0)
    return struct.pack('BxxxiIII', 0, index, handle, parent, info)


def attribute(kind, value):
    return struct.pack('HH', 4 + len(value), kind) + value + bytes(-len(value) % 4)


def ask(link, kind, body):
    link.send(struct.pack('IHHII', 16 + len(body), kind, NLM_CREATE_ACK, 1, 0) + body)
    answer = link.recv(65536)
    code = struct.unpack_from('i', answer, 16)[0]
    if code:
        raise OSError(-code, 'traffic control: ' + os.strerror(-code))
