#!/usr/bin/env python3
"""A FastCGI peer made by hand: says what no web server would say.

usage: fcgi-client.py [OPTION...] NAME=VALUE... [-- NAME=VALUE...]...

Sends one request, or after each "--" a further one on the same connection,
and prints what comes back. Each request has all of standard input as its body,
or the file of its "@FILE". A \\xNN in a value is that byte. A name may come
repeatedly. Between two answers stands a line "--".

  -s SOCKET        where to connect to
  --pause SECONDS  wait before the second half of the parameters
  --stop WHERE     send only as far as "connect", "begin", "params", "body",
                   or "junk" instead, then say "stopped" and wait until the
                   peer hangs up
  --leave          with --stop: do not wait, but hang up
  --abort          send an FCGI_ABORT_REQUEST in place of the body's end

Exit 0: every answer was complete. 1: the peer hung up before. Source: FastCGI
Specification 1.0, sections 3 and 8.
"""
import re
import socket
import struct
import sys
import time

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR = 1, 2, 3, 4, 5, 6, 7
RESPONDER, KEEP_CONN = 1, 1


def record(kind, content):
    """One record; a stream that is longer is cut into several."""
    out = b""
    while True:
        part, content = content[:65528], content[65528:]
        out += struct.pack("!BBHHBB", 1, kind, 1, len(part), 0, 0) + part
        if not content:
            return out


def length(n):
    return struct.pack("!B", n) if n < 128 else struct.pack("!I", n | 1 << 31)


def pairs(params):
    out = b""
    for name, value in params:
        out += length(len(name)) + length(len(value)) + name + value
    return out


def unescape(text):
    raw = text.encode("utf-8", "surrogateescape")
    return re.sub(rb"\\x([0-9a-f]{2})",
                  lambda m: bytes([int(m.group(1), 16)]), raw)


def receive(sock, n):
    data = b""
    while len(data) < n:
        part = sock.recv(n - len(data))
        if not part:
            raise ConnectionError("the peer hung up")
        data += part
    return data


def answer(sock):
    """Everything up to FCGI_END_REQUEST."""
    while True:
        _, kind, _, n, padding, _ = struct.unpack("!BBHHBB", receive(sock, 8))
        content = receive(sock, n + padding)[:n]
        if kind == STDOUT:
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
        elif kind == STDERR:
            sys.stderr.buffer.write(content)
        elif kind == END:
            return


def stop(sock, leave):
    print("stopped", flush=True)
    if not leave:
        try:
            while sock.recv(65536):
                pass
        except OSError:
            pass
    sock.close()
    sys.exit(0)


def send(sock, request, options, keep):
    params, body = request
    flags = KEEP_CONN if keep else 0
    stop_at = options.get("--stop")
    leave = "--leave" in options
    if stop_at == "junk":
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 9)
    if stop_at in ("connect", "junk"):
        stop(sock, leave)
    sock.sendall(record(BEGIN, struct.pack("!HB5x", RESPONDER, flags)))
    if stop_at == "begin":
        stop(sock, leave)
    coded = pairs(params)
    half = len(coded) // 2 if "--pause" in options or stop_at == "params" else 0
    if half:
        sock.sendall(record(PARAMS, coded[:half]))
        if stop_at == "params":
            stop(sock, leave)
        print("paused", file=sys.stderr, flush=True)
        time.sleep(float(options["--pause"]))
    sock.sendall(record(PARAMS, coded[half:]) + record(PARAMS, b""))
    if stop_at == "body":
        sock.sendall(record(STDIN, body[:len(body) // 2] or b"{"))
        stop(sock, leave)
    try:
        if body:
            sock.sendall(record(STDIN, body))
        if keep:
            time.sleep(0.2)  # so that the end of the body comes by itself
        sock.sendall(record(ABORT, b"") if "--abort" in options
                     else record(STDIN, b""))
    except BrokenPipeError:
        pass  # it need not read what it refuses


def main(argv):
    options = {}
    while argv and argv[0].startswith("-"):
        name = argv.pop(0)
        valued = name in ("-s", "--pause", "--stop")
        options[name] = argv.pop(0) if valued else None
    requests = [([], None)]
    for arg in argv:
        if arg == "--":
            requests.append(([], None))
        elif arg.startswith("@"):
            with open(arg[1:], "rb") as file:
                requests[-1] = (requests[-1][0], file.read())
        else:
            name, value = arg.split("=", 1)
            requests[-1][0].append((unescape(name), unescape(value)))
    everything = None
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(options["-s"])
    for i, (params, body) in enumerate(requests):
        if body is None:
            if everything is None:
                everything = sys.stdin.buffer.read()
            body = everything
        if i > 0:
            print("--", flush=True)
        try:
            send(sock, (params, body), options, len(requests) > 1)
            answer(sock)
        except ConnectionError as reason:
            print(reason, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
