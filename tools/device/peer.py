#!/usr/bin/env python3
"""A stranger's view of keybench-device: peer.py PORT CASE. Written from keybench-device(1) alone, with nothing but Python.

Cases: commands (one "ok"/"not ok" line each), half, huge, vanish, garbage, silent, card (plays a card that misbehaves).
"""
import os
import socket
import struct
import sys
import time

APPLET = bytes.fromhex("A000000809434343444B417631")
SELECT = b"\x00\xa4\x04\x00" + bytes([len(APPLET)]) + APPLET + b"\x00"
POINT = bytes.fromhex(  # a point of P-256: the published test key of the bench's vehicle
    "04ccc94539f956ded273ec98a4df97c2eeec20ff694583ceec7796142c538e1fa6"
    "2f2f01587c7dcdf443e93210ca04e4834c44c3411d983b49cebc7d598f3fe412")


def send(s, body):
    s.sendall(struct.pack(">H", len(body)) + body)


def take(s, n):
    data = b""
    while len(data) < n:
        more = s.recv(n - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def receive(s):
    return take(s, struct.unpack(">H", take(s, 2))[0])


def ask(s, body):
    send(s, body)
    return receive(s)


def connect(port):
    s = socket.create_connection(("127.0.0.1", port), 5)
    s.settimeout(20)
    return s


def tlv(tag, value):
    n = len(value)
    return bytes([tag]) + (bytes([n]) if n < 128 else bytes([0x81, n])) + value


def auth0(p1=0, p2=1, extra=b"", version=b"\x01\x00", point=POINT, lc=None):
    data = tlv(0x5C, version) + tlv(0x87, point) + tlv(0x4C, bytes(16)) + tlv(0x4D, bytes(8)) + extra
    return b"\x80\x80" + bytes([p1, p2, len(data) if lc is None else lc]) + data + b"\x00"


def expected():
    """name, commands, what the last answer must be: its status word, or a test of it"""
    good = lambda a: a[-2:] == b"\x90\x00" and a[:3] == b"\x86\x41\x04"
    one = lambda *apdus: list(apdus)
    yield "SELECT lists the version", one(SELECT), b"\x5c\x02\x01\x00\x90\x00"
    yield "SELECT without Le too", one(SELECT[:-1]), b"\x5c\x02\x01\x00\x90\x00"
    yield "an application that is not there", one(b"\x00\xa4\x04\x00\x05\xa0\x00\x00\x00\x03\x00"), b"\x6a\x82"
    yield "SELECT by something else than a name", one(b"\x00\xa4\x00\x00\x02\x3f\x00"), b"\x6b\x00"
    yield "two bytes", one(b"\x00\xa4"), b"\x67\x00"
    yield "three bytes", one(b"\x00\xa4\x04"), b"\x67\x00"
    yield "Lc of more than there is", one(b"\x00\xa4\x04\x00\x20\xa0\x00"), b"\x67\x00"
    yield "bytes behind Le", one(SELECT + b"\x00\x00"), b"\x67\x00"
    yield "extended length", one(b"\x00\xa4\x04\x00\x00\x00\x0d" + APPLET), b"\x67\x00"
    yield "60000 bytes", one(b"\x00\xa4\x04\x00" + bytes(60000)), b"\x67\x00"
    yield "another class", one(b"\xa0\xa4\x04\x00\x00"), b"\x6e\x00"
    yield "an unknown instruction", one(SELECT, b"\x80\x99\x00\x00\x00"), b"\x6d\x00"
    yield "AUTH0 before SELECT", one(auth0()), b"\x69\x85"
    yield "AUTH1 before AUTH0", one(SELECT, b"\x80\x81\x00\x00\x42\x9e\x40" + bytes(64) + b"\x00"), b"\x69\x85"
    yield "CONTROL FLOW before AUTH0", one(SELECT, b"\x80\x3c\x01\x00"), b"\x69\x85"
    yield "AUTH0", one(SELECT, auth0()), good
    yield "AUTH0 fast, of a vehicle it does not know, answers as ever", one(SELECT, auth0(p1=1)), \
        lambda a: good(a) and len(a) == 67 + 18 + 2
    yield "AUTH0 with a tag nobody knows", one(SELECT, auth0(extra=tlv(0xC1, b"\x01"))), good
    yield "AUTH0 with a tag of two bytes", one(SELECT, auth0(extra=b"\x9f\x77\x01\x01")), good
    yield "AUTH0 with a length that is longer than it must be", \
        one(SELECT, auth0(extra=b"\xc1\x81\x01\x00")), b"\x6a\x80"
    yield "AUTH0 with an indefinite length", one(SELECT, auth0(extra=b"\xe1\x80\x00\x00")), b"\x6a\x80"
    yield "AUTH0 with a value cut off", one(SELECT, auth0(extra=b"\xc1\x05\x00")), b"\x6a\x80"
    yield "AUTH0 with a mandatory tag twice", one(SELECT, auth0(extra=tlv(0x4D, bytes(8)))), b"\x6a\x80"
    yield "AUTH0 without one", one(SELECT, b"\x80\x80\x00\x01\x04\x5c\x02\x01\x00\x00"), b"\x6a\x80"
    yield "AUTH0 with a point off the curve", one(SELECT, auth0(point=POINT[:-1] + b"\x13")), b"\x6a\x80"
    yield "AUTH0 with a version it does not have", one(SELECT, auth0(version=b"\x07\x00")), lambda a: len(a) == 2 and a[0] != 0x90
    yield "AUTH0 with another P1", one(SELECT, auth0(p1=0x55)), b"\x6b\x00"
    yield "AUTH1 with a wrong signature", one(SELECT, auth0(), b"\x80\x81\x00\x00\x42\x9e\x40" + bytes(63) + b"\x01\x00"), b"\x69\x82"
    yield "CONTROL FLOW with data", one(SELECT, auth0(), b"\x80\x3c\x01\x00\x01\x00"), b"\x67\x00"
    yield "GET RESPONSE with nothing to get", one(SELECT, b"\x00\xc0\x00\x00\x00"), b"\x69\x85"
    yield "EXCHANGE without a channel", one(SELECT, b"\x84\xc9\x00\x00\x08" + bytes(8) + b"\x00"), b"\x69\x85"
    yield "the reader's own UID command", one(b"\xff\xca\x00\x00\x00"), lambda a: len(a) == 6 and a[0] == 8 and a[4:] == b"\x90\x00"
    yield "the reader's own command, too short an Le", one(b"\xff\xca\x00\x00\x02"), b"\x6c\x04"


def commands(port):
    s = connect(port)
    for name, apdus, want in expected():
        send(s, b"\x01")  # power on: every case begins anew
        for apdu in apdus:
            got = ask(s, apdu)
        good = want(got) if callable(want) else got == want
        print("ok" if good else "not ok (%s)" % got.hex(), name, sep="\t")
    send(s, b"\x02")
    send(s, b"\x77")  # no control there is: no answer
    send(s, b"")
    atr = ask(s, b"\x04")
    print("ok" if atr == bytes.fromhex("3b8180018080") else "not ok (%s)" % atr.hex(),
          "get ATR, behind a reset, an unknown control and an empty message", sep="\t")


def card(case):
    """A card program that misbehaves, for keybench-vehicle: says its port, serves one reader."""
    server = socket.create_server(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)
    s, _ = server.accept()
    s.settimeout(30)
    try:
        while True:
            m = receive(s)
            if m == b"\x04":
                send(s, b"\x00\x01" if case == "atr" else bytes.fromhex("3b80800101"))
            elif len(m) > 1 and case == "vanish":
                return
            elif len(m) > 1 and case == "half":
                s.sendall(b"\xff\xff\x00")
            elif len(m) > 1 and case == "empty":
                send(s, b"")
            elif len(m) > 1 and case == "garbage":
                send(s, os.urandom(3000) + b"\x90\x00")
            elif len(m) > 1 and case == "twice":
                send(s, b"\x6a\x82")
                send(s, b"\x6a\x82")
            elif len(m) > 1 and case == "refuse":
                send(s, b"\x6a\x82")
    except (EOFError, OSError):
        pass


def main():
    if sys.argv[1] == "card":
        card(sys.argv[2])
        return
    port, case = int(sys.argv[1]), sys.argv[2]
    if case == "commands":
        commands(port)
        return
    s = connect(port)
    if case == "half":  # and then it goes
        s.sendall(b"\x00\x12\x00\xa4")
    elif case == "huge":  # a length that is never made good: the card lets go of us
        s.sendall(b"\xff\xff" + bytes(100))
        print("closed" if s.recv(1) == b"" else "answered")
    elif case == "vanish":  # before the answer
        send(s, SELECT)
    elif case == "garbage":
        try:
            for _ in range(200):
                s.sendall(os.urandom(1000))
        except OSError:
            pass
    elif case == "slow":  # a byte at a time
        for b in struct.pack(">H", len(SELECT)) + SELECT:
            s.sendall(bytes([b]))
            time.sleep(0.005)
        print(receive(s).hex())


main()
