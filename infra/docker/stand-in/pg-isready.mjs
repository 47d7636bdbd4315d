#!/usr/local/bin/node
/** Stands where the official image of PostgreSQL has pg_isready: whether a server listens on TCP. */
import { connect } from 'node:net';

const socket = connect(5432, '127.0.0.1');
socket.once('connect', () => process.exit(0)).once('error', () => process.exit(2));
setTimeout(() => process.exit(2), 2_000);
