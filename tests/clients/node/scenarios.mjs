// Drives the JavaScript client of Socket.IO, unmodified, through every scenario on every choice of transports.
// `node scenarios.mjs <url>` prints one line of JSON for each: {transports, scenario, error: null or a text}.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Manager, io } from "socket.io-client";
import { ask, next } from "./waiting.mjs";

const url = process.argv[2];

const choices = {
  websocket: { transports: ["websocket"] },
  polling: { transports: ["polling"] },
  "polling, then websocket": { transports: ["polling", "websocket"] },
  "websocket with credentials": {
    transports: ["websocket", "polling"],
    withCredentials: true,
    extraHeaders: { Origin: "http://app.example", cookie: "accessToken=from-the-jar" },
  },
  "polling with credentials": {
    transports: ["polling", "websocket"],
    withCredentials: true,
    upgrade: false,
    extraHeaders: { Origin: "http://app.example", cookie: "accessToken=from-the-jar" },
  },
};

const scenarios = {
  async "connects with auth and is told so"(open) {
    const socket = open("/", { auth: { token: "abc", nested: [1, null] } });
    const [auth] = await next(socket, "auth");
    assert.deepEqual(auth, { token: "abc", nested: [1, null] });
    assert.equal(socket.connected, true);
    assert.equal(typeof socket.id, "string");
  },

  async "speaks by the transport that it was told to"(open, { transports, upgrade }) {
    const socket = open("/");
    const { engine } = socket.io;
    assert.equal(engine.transport.name, transports[0]);
    if (transports[0] === "polling" && transports[1] && upgrade !== false) {
      await next(engine, "upgrade");
      assert.equal(engine.transport.name, "websocket");
    }
    assert.deepEqual(await ask(socket, "echo", "after"), ["after"]);
  },

  async "brings cookie and origin where it has credentials"(open, { withCredentials }) {
    const { cookie, origin } = (await ask(open("/"), "headers"))[0];
    assert.equal(cookie ?? null, withCredentials ? "accessToken=from-the-jar" : null);
    assert.equal(origin ?? null, withCredentials ? "http://app.example" : null);
  },

  async "gets an ack with everything that it sent"(open) {
    const socket = open("/");
    const args = [1, "zwei €🎉", { three: [true, null, 4.5] }, [], ""];
    assert.deepEqual(await ask(socket, "echo", ...args), args);
    assert.deepEqual(await ask(socket, "echo"), []);
    const acks = await Promise.all(Array.from({ length: 50 }, (_, n) => ask(socket, "echo", n)));
    assert.deepEqual(acks, Array.from({ length: 50 }, (_, n) => [n]));
  },

  async "answers the server's question"(open) {
    const socket = open("/");
    socket.on("question", (a, b, answer) => answer(a + b, Buffer.from([7])));
    const [reply] = await ask(socket, "ask-me", 20, 22);
    assert.equal(reply.sum, 42);
    assert.deepEqual(bytes(reply.seven), [7]);
  },

  async "sends and gets binary, at any depth"(open) {
    const socket = open("/");
    const first = randomBytes(1_000);
    const second = new Uint8Array([0, 255, 128]);
    const [back] = await ask(socket, "echo", { first, list: [second, { plain: true }] });
    assert.deepEqual(bytes(back.first), [...first]);
    assert.deepEqual(bytes(back.list[0]), [0, 255, 128]);
    assert.deepEqual(back.list[1], { plain: true });
    socket.emit("send-binary");
    const [event, empty] = await next(socket, "binary");
    assert.deepEqual(bytes(event.deep[0].er), [1, 2, 3]);
    assert.deepEqual(bytes(empty), []);
  },

  async "lives in two namespaces on one connection"(open, options) {
    const manager = new Manager(url, { ...options, forceNew: true });
    const main = open("/", {}, manager);
    const custom = open("/custom", { auth: { in: "custom" } }, manager);
    const [[mainAuth], [customAuth]] = await Promise.all([next(main, "auth"), next(custom, "auth")]);
    assert.deepEqual([mainAuth, customAuth], [{}, { in: "custom" }]);
    assert.notEqual(main.id, custom.id);
    custom.disconnect();
    assert.deepEqual(await ask(main, "echo", "still here"), ["still here"]);
    assert.equal(manager.engine.readyState, "open");
  },

  async "is refused with data, and admitted with another token"(open) {
    const socket = open("/guarded", { auth: { token: "bad" } });
    const [refusal] = await next(socket, "connect_error");
    assert.equal(refusal.message, "not you");
    assert.deepEqual(refusal.data, { code: "auth_invalid" });
    assert.equal(socket.connected, false);
    socket.auth = { token: "good" };
    socket.connect();
    await next(socket, "connect");
    assert.deepEqual(await ask(socket, "whoami"), ["ann"]);
  },

  async "learns that a namespace does not exist"(open) {
    const [refusal] = await next(open("/nowhere"), "connect_error");
    assert.equal(refusal.message, "Invalid namespace");
  },

  async "comes back after the server dropped the connection"(open) {
    const socket = open("/", { reconnection: true });
    await next(socket, "connect");
    const before = socket.id;
    socket.emit("drop-me");
    const [reason] = await next(socket, "disconnect");
    assert.match(reason, /^transport (close|error)$/);
    socket.emit("note", "sent while away");
    await next(socket, "connect");
    assert.notEqual(socket.id, before);
    assert.deepEqual(await ask(socket, "noted"), ["sent while away"]);
  },

  async "does not come back when the server ends its socket"(open) {
    const socket = open("/", { reconnection: true });
    await next(socket, "connect");
    socket.emit("end-me", false);
    assert.deepEqual((await next(socket, "disconnect"))[0], "io server disconnect");
    assert.equal(socket.active, false);
  },

  async "learns that the server ended the whole connection"(open) {
    const socket = open("/");
    await next(socket, "connect");
    socket.emit("end-me", true);
    assert.deepEqual((await next(socket, "disconnect"))[0], "io server disconnect");
  },

  async "leaves, and the server is told why"(open) {
    const socket = open("/");
    await next(socket, "connect");
    const { id } = socket;
    socket.disconnect();
    const witness = open("/");
    assert.deepEqual(await ask(witness, "reason-of", id), ["client namespace disconnect"]);
  },

  async "keeps what it sends before it is connected"(open) {
    const socket = open("/");
    const acks = [ask(socket, "echo", 1), ask(socket, "echo", 2)];
    assert.equal(socket.connected, false);
    assert.deepEqual(await Promise.all(acks), [[1], [2]]);
  },

  async "gets everything in order from the first moment on"(open) {
    const socket = open("/counting");
    const numbers = [];
    socket.on("n", (number, filling) => {
      assert.equal(bytes(filling).length, number % 3);
      numbers.push(number);
    });
    await next(socket, "done");
    assert.deepEqual(numbers, Array.from({ length: numbers.length }, (_, n) => n));
    assert.equal(numbers.length, 1_000);
  },

  async "is heard in order from the first moment on"(open) {
    const socket = open("/");
    for (let number = 0; number < 500; number += 1) {
      socket.emit("note", number);
    }
    const noted = await ask(socket, "noted");
    assert.deepEqual(noted, Array.from({ length: 500 }, (_, n) => n));
  },

  async "sends and gets large messages"(open) {
    const socket = open("/");
    const text = "ä".repeat(400_000);
    assert.equal((await ask(socket, "echo", text))[0], text);
    const binary = randomBytes(700_000);
    assert.ok(Buffer.from((await ask(socket, "echo", binary))[0]).equals(binary));
  },

  async "compresses large messages over a WebSocket, both ways"(open, { transports }) {
    const socket = open("/");
    const text = "said again and again, ".repeat(5_000);
    await ask(socket, "echo");
    const { ws } = socket.io.engine.transport;
    const [read, written] = [ws?._socket.bytesRead, ws?._socket.bytesWritten];
    assert.deepEqual(await ask(socket, "echo", text, "ä€🎉"), [text, "ä€🎉"]);
    if (transports[0] === "websocket") {
      assert.equal(ws.extensions, "permessage-deflate");
      const [came, went] = [ws._socket.bytesRead - read, ws._socket.bytesWritten - written];
      assert.ok(came < 10_000 && went < 10_000, `${went} bytes went, ${came} came`);
    }
  },

  async "is cut off over a message beyond the limit, and comes back"(open) {
    const socket = open("/", { reconnection: true });
    await next(socket, "connect");
    const before = socket.id;
    socket.emit("note", "x".repeat(1_000_001));
    const [reason] = await next(socket, "disconnect");
    assert.match(reason, /^transport (close|error)$/);
    await next(socket, "connect");
    assert.notEqual(socket.id, before);
    assert.deepEqual(await ask(socket, "noted"), []);
  },

  async "gives up an ack that nobody sends, and hears no late one"(open) {
    const socket = open("/");
    await next(socket, "connect");
    await assert.rejects(socket.timeout(50).emitWithAck("nobody-handles-this"), /timed out/);
    assert.deepEqual(await ask(socket, "echo", "well"), ["well"]);
  },

  async "is kept alive by pings"(open) {
    const socket = open("/");
    await next(socket, "connect");
    for (let count = 0; count < 3; count += 1) {
      await next(socket.io, "ping");
    }
    assert.equal(socket.connected, true);
  },

  async "hears its rooms and no others"(open) {
    const [one, two] = [open("/"), open("/")];
    const heard = { one: [], two: [] };
    one.on("told", (what) => heard.one.push(what));
    two.on("told", (what) => heard.two.push(what));
    const room = `room-${Math.random()}`;
    await ask(one, "join", room);
    await ask(two, "join", `${room}-other`);
    await ask(two, "tell", room, "one only");
    await ask(one, "tell", room, "not to oneself");
    await ask(one, "echo");
    await ask(two, "echo");
    assert.deepEqual(heard, { one: ["one only"], two: [] });
  },
};

function bytes(binary) {
  return [...new Uint8Array(binary)];
}

async function run(name, options, scenario) {
  const sockets = [];
  const defaults = { forceNew: true, reconnection: false, reconnectionDelay: 20, reconnectionDelayMax: 50, ...options };
  const open = (namespace, more = {}, manager = undefined) => {
    const socket = manager ? manager.socket(namespace, more) : io(url + namespace, { ...defaults, ...more });
    sockets.push(socket);
    return socket;
  };
  let error = null;
  try {
    await scenarios[scenario](open, options);
  } catch (reason) {
    error = String(reason?.stack ?? reason);
  }
  for (const socket of sockets) {
    socket.io.reconnection(false);
    socket.disconnect();
  }
  console.log(JSON.stringify({ transports: name, scenario, error }));
}

async function runAll(name, options) {
  for (const scenario of Object.keys(scenarios)) {
    await run(name, options, scenario);
  }
}

await Promise.all(Object.entries(choices).map(([name, options]) => runAll(name, options)));
process.exit(0);
