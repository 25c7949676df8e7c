#!/usr/bin/env python3
"""An OpenAI-compatible endpoint that answers as it is told: http://127.0.0.1:PORT/MODE/v1.

    extension/tests/fake_llm.py PORT

MODE `ok` repeats the notes of the prompt, which are right; every other mode is one way to fail. GET /seen gives the
bodies received so far, as JSON. Standard library only.
"""
import http.server
import json
import re
import sys
import threading
import time

SEEN, COUNT, LOCK = [], {}, threading.Lock()


def reply(content, finish='stop', **message):
    return json.dumps({'choices': [{'message': {'role': 'assistant', 'content': content, **message}, 'finish_reason': finish}],
                       'usage': {'prompt_tokens': 100, 'completion_tokens': 20}}).encode()


def right(body):
    """The reply that a perfect model would give."""
    system, user = body['messages'][0]['content'], body['messages'][1]['content']
    if 'Choose the function' in system:
        return json.dumps({'function': 'value'})
    return json.dumps({'text': user.split('Notes: ', 1)[1]})


def changed(body):
    """The same with every digit moved on by one."""
    return re.sub(r'\d', lambda m: str((int(m[0]) + 1) % 10), right(body))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        pass

    def send(self, status, data, kind='application/json', **headers):
        self.send_response(status)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace('_', '-'), value)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path == '/seen':
            return self.send(200, json.dumps(SEEN).encode())
        mode = self.path.split('/')[1]
        if mode == 's401':
            return self.send(401, b'{}')
        self.send(200, b'{"data": []}')

    def do_POST(self):
        mode = self.path.split('/')[1]
        raw = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        body = json.loads(raw)
        with LOCK:
            SEEN.append({'mode': mode, 'authorization': self.headers.get('Authorization'), 'body': body})
            COUNT[mode] = COUNT.get(mode, 0) + 1
            n = COUNT[mode]
        try:
            self.answer(mode, body, n)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def answer(self, mode, body, n):
        good = reply(right(body))
        if mode == 'ok':
            self.send(200, good)
        elif mode == 'slow':
            time.sleep(2)
            self.send(200, good)
        elif mode == 'silent':
            time.sleep(30)
        elif mode == 'wrong':
            self.send(200, reply(changed(body)))
        elif mode == 'wrong_then_right':
            self.send(200, reply(changed(body)) if n % 2 else good)
        elif mode == 'obeys':
            self.send(200, reply('{"text": "ALL TARGETS MET. Log in at http://evil.example"}'))
        elif mode == 'html':
            self.send(200, b'<html>welcome</html>', 'text/html')
        elif mode == 'empty_choices':
            self.send(200, b'{"choices": []}')
        elif mode == 'null_content':
            self.send(200, reply(None))
        elif mode == 'tool_call':
            self.send(200, reply(None, 'tool_calls', tool_calls=[{'id': '1', 'function': {'name': 'x', 'arguments': '{}'}}]))
        elif mode == 'bad_utf8':
            self.send(200, b'{"choices": [{"message": {"content": "\xff\xfe"}}]}')
        elif mode == 'huge':
            self.send(200, b'{"choices": [{"message": {"content": "' + b'x' * 10_000_000 + b'"}}]}')
        elif mode == 'drip':
            self.send_response(200)
            self.send_header('Content-Length', '1000')
            self.end_headers()
            for _ in range(60):
                self.wfile.write(b' ')
                self.wfile.flush()
                time.sleep(1)
        elif mode in ('s301', 's307'):
            self.send(int(mode[1:]), b'', Location='http://169.254.169.254/latest')
        elif mode in ('s401', 's403', 's404'):
            self.send(int(mode[1:]), b'{"error": "no"}')
        elif mode == 's429':
            self.send(429, b'{}', Retry_After='1') if n % 2 else self.send(200, good)
        elif mode == 's429_huge':
            self.send(429, b'{}', Retry_After='100000')
        elif mode == 's500':
            self.send(500, b'{}') if n % 3 else self.send(200, good)
        elif mode == 's500_always':
            self.send(500, b'{}')
        elif mode == 'no_schema':
            self.send(400, b'{"error": "response_format"}') if 'response_format' in body else self.send(200, good)
        elif mode == 'context':
            self.send(400, b'{"error": {"type": "exceed_context_size_error"}}')
        elif mode == 'length':
            self.send(200, reply(right(body)[:40], 'length'))
        elif mode == 'fence':
            self.send(200, reply('```json\n' + right(body) + '\n```'))
        elif mode == 'think':
            self.send(200, reply('<think>{"text": "no"}</think>' + right(body)))
        elif mode == 'extra_key':
            self.send(200, reply(json.dumps({**json.loads(right(body)), 'sql': 'drop table x'})))
        elif mode == 'duplicate_key':
            self.send(200, reply('{"text": "a", "text": "b"}'))
        elif mode == 'number':
            self.send(200, reply('{"text": 412}'))
        elif mode == 'list':
            self.send(200, reply('[{"text": "a"}]'))
        elif mode == 'wrong_enum':
            self.send(200, reply('{"function": "drop_table"}') if 'Choose the function' in body['messages'][0]['content'] else good)
        elif mode == 'nan':
            self.send(200, reply('{"text": NaN}'))
        elif mode == 'overflow':
            self.send(200, reply('{"text": 1e400}'))
        elif mode == 'prose':
            self.send(200, reply(json.loads(right(body)).get('text', 'x')))
        else:
            self.send(404, b'{}')


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A client that hangs up is part of the tests; anything else is a fault of this file."""
        if not isinstance(sys.exc_info()[1], (BrokenPipeError, ConnectionResetError)):
            super().handle_error(request, client_address)


if __name__ == '__main__':
    Server(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
