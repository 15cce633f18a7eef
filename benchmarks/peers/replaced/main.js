// The stack that the product replaces, in one Node.js process: Express, socket.io, jsonwebtoken, and node-postgres on
// PostgreSQL. A message is one SELECT, INSERT and UPDATE, then its two events, then its ack.
import { createServer } from "node:http";

import express from "express";
import { Server } from "socket.io";

import { refuse, routes } from "./routes.js";
import { serveSockets } from "./sockets.js";
import { openPool } from "./store.js";

const pool = openPool();
const app = express();
const http = createServer(app);
const io = new Server(http, { perMessageDeflate: process.argv.includes("--deflate") });

app.disable("x-powered-by");
app.use("/api", routes({ pool, io }), refuse);
serveSockets({ pool, io });

http.listen(0, "127.0.0.1", 4096, () => console.log(`listening ${http.address().port}`));
