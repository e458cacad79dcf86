// Sends one file with the client that the field uses, and prints what happened as one line of JSON.
import fs from "node:fs";
import * as tus from "tus-js-client";

const { ENDPOINT, TOKEN, FILE, TO, PARALLEL } = process.env;
const parallel = Number(PARALLEL ?? "1");
const retried = {};
const upload = new tus.Upload(fs.createReadStream(FILE), {
  endpoint: ENDPOINT,
  headers: { Authorization: `Bearer ${TOKEN}` },
  metadata: { to: TO, filename: FILE.split("/").pop(), filetype: "application/octet-stream" },
  parallelUploads: parallel,
  // A retry that gets on begins the list again.
  retryDelays: [0, 100, 250, 500, 1000, 1000, 1000, 2000, 2000, 3000, 3000, 5000, 5000],
  onShouldRetry(error, attempt, options) {
    const why = error.originalResponse ? String(error.originalResponse.getStatus()) : "connection";
    retried[why] = (retried[why] ?? 0) + 1;
    return tus.defaultOptions.onShouldRetry?.(error, attempt, options) ?? true;
  },
  onError(error) {
    console.error(String(error));
    process.exit(1);
  },
  onSuccess() {
    console.log(JSON.stringify({ url: upload.url, retried }));
    process.exit(0);
  },
});
upload.start();
