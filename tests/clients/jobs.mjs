// Runs jobs with the JavaScript client and prints what it saw, for test_javascript.py to judge.
// Usage: node jobs.mjs URL NAMESPACE
import { createRequire } from "node:module";

const hub = createRequire(new URL("../../.node/", import.meta.url))("@huggingface/hub");
const [hubUrl, namespace] = process.argv.slice(2);
const options = { hubUrl, namespace, accessToken: "hf_javascript" };

async function clock(move) {
  const answer = await fetch(`${hubUrl}/_fakejobs/clock`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(move),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

async function first(stream) {
  for await (const item of stream) return item;
}

async function refused(call) {
  try {
    return await call;
  } catch (error) {
    return [error.constructor.name, error.statusCode, error.message];
  }
}

const job = await hub.runJob({
  ...options,
  dockerImage: "python:3.12",
  command: ["python", "train.py"],
  arguments: ["--epochs", "3"],
  flavor: "t4-small",
  environment: { EPOCHS: "3" },
  secrets: { KEY: "very-secret" },
  labels: { name: "train" },
  timeoutSeconds: 600,
  attempts: 2,
  volumes: [{ source: { type: "dataset", name: "ada/images" }, mountPath: "/data" }],
});

await clock({ freeze: false });
const lines = [];
for await (const { message, timestamp } of hub.streamJobLogs({ ...options, jobId: job.id })) {
  lines.push([message, timestamp.toISOString()]);
}
await clock({ freeze: true });
const done = await hub.getJob({ ...options, jobId: job.id });
const events = [];
for await (const event of hub.streamJobEvents({ ...options, jobId: job.id })) {
  events.push(JSON.parse(event).stage);
}

const again = await hub.duplicateJob({ ...options, jobId: job.id });
await clock({ advance: "1m" });
const metrics = JSON.parse(await first(hub.streamJobMetrics({ ...options, jobId: again.id })));
const cancelled = await hub.cancelJob({ ...options, jobId: again.id });

const listed = await hub.listJobs(options);
const hardware = await hub.listJobHardware(options);
const me = await hub.whoAmI(options);

const refusals = {
  missing: await refused(hub.getJob({ ...options, jobId: "0123456789abcdef01234567" })),
  finished: await refused(hub.cancelJob({ ...options, jobId: job.id })),
  invalid: await refused(hub.runJob({ ...options, dockerImage: "python:3.12", flavor: "h9000" })),
};
const seen = { job, lines, done, events, again, metrics, cancelled, listed, hardware, me, refusals };
// The client does not let go of a stream that was left early (the metrics), and it would keep the process alive.
process.stdout.write(JSON.stringify(seen), () => process.exit(0));
