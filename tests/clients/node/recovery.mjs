// Drives the JavaScript client of Socket.IO, unmodified, through losses of its connection, on every choice of transports.
// `node recovery.mjs <url>` prints one line of JSON for each: {transports, scenario, error: null or a text}.
import assert from "node:assert/strict";
import { io } from "socket.io-client";
import { ask, next, until } from "./waiting.mjs";

const url = process.argv[2];

const choices = {
  websocket: { transports: ["websocket"] },
  polling: { transports: ["polling"] },
  "polling, then websocket": { transports: ["polling", "websocket"] },
};

// How a connection is lost: by the server, or by the client itself.
const losses = {
  "the server cuts it": (socket, control) => ask(control, "cut", socket.id),
  "the client loses it": (socket) => socket.io.engine.close(),
};

const scenarios = {
  async "is recovered with what it missed, in order, whatever happened to it"(open) {
    for (const lose of Object.values(losses)) {
      const { socket, heard, control, room } = await start(open);
      await tell(control, room, 1, 2);
      await until(() => heard.length === 2);
      const { id } = socket;
      await lost(socket, () => lose(socket, control));
      await tell(control, room, 3, 4);
      await back(socket);
      await tell(control, room, 5);
      await until(() => heard.length === 5);
      assert.deepEqual([socket.recovered, socket.id, heard], [true, id, [1, 2, 3, 4, 5]]);
    }
  },

  async "is recovered again and again"(open) {
    const { socket, heard, control, room } = await start(open);
    for (const number of [1, 2, 3]) {
      await lost(socket, () => losses["the client loses it"](socket));
      await tell(control, room, number);
      await back(socket);
      assert.equal(socket.recovered, true);
      await until(() => heard.length === number);
    }
    assert.deepEqual(heard, [1, 2, 3]);
  },

  async "hears nothing twice when it is cut while much is on its way"(open) {
    const { socket, heard, control, room } = await start(open);
    const numbers = Array.from({ length: 300 }, (_, n) => n);
    await lost(socket, () => {
      control.emit("tell and cut", room, numbers, socket.id);
    });
    await back(socket);
    await until(() => heard.length >= numbers.length);
    assert.equal(socket.recovered, true);
    await tell(control, room, "end");
    await until(() => heard.at(-1) === "end");
    assert.deepEqual(heard, [...numbers, "end"]);
  },

  async "hears large and binary events that it missed"(open) {
    const { socket, heard, control, room } = await start(open);
    await lost(socket, () => losses["the client loses it"](socket));
    await tell(control, room, "x".repeat(5_000), Buffer.from([1, 2]));
    await back(socket);
    await until(() => heard.length === 2);
    assert.equal(heard[0], "x".repeat(5_000));
    assert.deepEqual([...heard[1]], [1, 2]);
  },

  async "is not recovered after it left or was sent away"(open) {
    const { socket } = await start(open);
    socket.disconnect();
    socket.connect();
    await next(socket, "connect");
    assert.equal(socket.recovered, false);
    await ask(socket, "join", "somewhere");
    const ended = next(socket, "disconnect");
    socket.emit("end me");
    await ended;
    socket.connect();
    await next(socket, "connect");
    assert.equal(socket.recovered, false);
  },

  async "is not recovered, and hears nothing of it, when its time was over"(open) {
    const { socket, heard, control, room } = await start(open);
    await tell(control, room, 1);
    await until(() => heard.length === 1);
    const { id } = socket;
    await lost(socket, () => losses["the client loses it"](socket));
    await ask(control, "let time pass");
    await tell(control, room, 2);
    await back(socket);
    assert.deepEqual([socket.recovered, socket.id === id], [false, false]);
    await ask(socket, "join", room);
    await tell(control, room, 3);
    await until(() => heard.length === 2);
    assert.deepEqual(heard, [1, 3]);
  },

  async "is refused with a token that does not hold any more, and recovered with a new one"(open) {
    const { socket, heard, control, room } = await start(open);
    socket.auth = { token: "expired" };
    await lost(socket, () => losses["the client loses it"](socket));
    await tell(control, room, 1);
    socket.connect();
    const [refusal] = await next(socket, "connect_error");
    assert.deepEqual([refusal.message, heard], ["not you", []]);
    socket.auth = { token: "good" };
    await back(socket);
    await until(() => heard.length === 1);
    assert.deepEqual([socket.recovered, heard], [true, [1]]);
  },

  async "is handed no offset where it says that it has no use for one"(open) {
    const socket = open({ auth: { token: "good", recovery: false } });
    const args = next(socket, "told");
    await ask(socket, "join", "mine");
    await tell(socket, "mine", 1);
    assert.deepEqual(await args, [1]);
    await lost(socket, () => losses["the client loses it"](socket));
    await back(socket);
    assert.equal(socket.recovered || false, false);
  },
};

/** A connected socket in a room of its own, what it hears there, and a second one to tell the server what to do. */
async function start(open) {
  const socket = open();
  const control = open();
  const room = `room-${Math.random()}`;
  const heard = [];
  socket.on("told", (what) => heard.push(what));
  await next(control, "connect");
  await ask(socket, "join", room);
  return { socket, heard, control, room };
}

const tell = (socket, room, ...what) => ask(socket, "tell", room, ...what);

async function lost(socket, lose) {
  const disconnected = next(socket, "disconnect");
  await lose();
  await disconnected;
}

async function back(socket) {
  const connected = next(socket, "connect");
  socket.connect();
  await connected;
}

async function run(transports, options, scenario) {
  const sockets = [];
  const open = (more = {}) => {
    const socket = io(url, { forceNew: true, reconnection: false, auth: { token: "good" }, ...options, ...more });
    sockets.push(socket);
    return socket;
  };
  let error = null;
  try {
    await scenarios[scenario](open);
  } catch (reason) {
    error = String(reason?.stack ?? reason);
  }
  for (const socket of sockets) socket.disconnect();
  console.log(JSON.stringify({ transports, scenario, error }));
}

for (const scenario of Object.keys(scenarios)) {
  // Beside each other but for the one that lets time pass for all.
  await Promise.all(Object.entries(choices).map(([name, options]) => run(name, options, scenario)));
}
process.exit(0);
