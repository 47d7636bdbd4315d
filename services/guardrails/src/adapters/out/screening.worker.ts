import { parentPort, workerData } from 'node:worker_threads';
import { detect } from '../../domain/detection/detect.js';
import { serveScreening, type ScreeningWorkerData } from './serve-screening.js';

if (parentPort === null) throw new Error('this is the program of a worker thread');
serveScreening(parentPort, workerData as ScreeningWorkerData, detect);
