// Makes a scheduled job with the JavaScript client and prints what it saw, for test_scheduled_jobs.py to judge.
// Usage: node scheduled.mjs URL NAMESPACE
import { createRequire } from "node:module";

const hub = createRequire(new URL("../../.node/", import.meta.url))("@huggingface/hub");
const [hubUrl, namespace] = process.argv.slice(2);
const options = { hubUrl, namespace, accessToken: "hf_javascript" };

async function advance(by) {
  const answer = await fetch(`${hubUrl}/_fakejobs/clock`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ advance: by }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

const made = await hub.createScheduledJob({
  ...options,
  schedule: "*/5 * * * *",
  jobSpec: { dockerImage: "python:3.12", command: ["echo", "x"], flavor: "cpu-basic", environment: {} },
});
const one = { ...options, jobId: made.id, scheduledJobId: made.id };
await advance("1d");
const inspected = await hub.getScheduledJob(one);
await hub.suspendScheduledJob(one);
const suspended = await hub.listScheduledJobs(options);
await hub.resumeScheduledJob(one);
await advance("1m");
const job = await hub.runScheduledJob(one);
const again = await hub.runScheduledJob(one);
await hub.deleteScheduledJob(one);
const none = await hub.listScheduledJobs(options);
console.log(JSON.stringify({ made, inspected, suspended, job, again, none }));
