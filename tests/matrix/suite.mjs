// Calls every Jobs function of @huggingface/hub and writes what came of it, as JSON: see suite.py, whose outcomes these are.
// Usage: node suite.mjs OUT API, below `fakejobs exec`.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const hub = createRequire(new URL("../../.node/", import.meta.url))("@huggingface/hub");
const [out, api] = process.argv.slice(2);
const hubUrl = process.env.HF_ENDPOINT;
const accessToken = process.env.HF_TOKEN;
const namespace = "fake-user";
const options = { hubUrl, namespace, accessToken };
const image = "python:3.12";
const train = ["python", "train.py"];
const serve = ["python", "serve.py"];
const nightly = { dockerImage: image, command: ["python", "nightly.py"], flavor: "cpu-basic" };

function expect(what, seen, right) {
  const [one, other] = [JSON.stringify(seen), JSON.stringify(right)];
  if (one !== other) throw Object.assign(new Error(`${what}: ${one}, not ${other}`), { name: "Wrong" });
}

async function ask(method, path, body) {
  const answer = await fetch(hubUrl + path, {
    method,
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${accessToken}` },
    body: body && JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`what the row begins with, ${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

async function submit(command) {
  return (await ask("POST", `/api/jobs/${namespace}`, { dockerImage: image, command, flavor: "cpu-basic" })).id;
}

async function schedule() {
  return (await ask("POST", `/api/scheduled-jobs/${namespace}`, { schedule: "@daily", jobSpec: nightly })).id;
}

async function all(stream) {
  const items = [];
  for await (const item of stream) items.push(item);
  return items;
}

async function messages(jobId) {
  const lines = await all(hub.streamJobLogs({ ...options, jobId }));
  // This client does not hide the header.
  return lines.map((line) => line.message).filter((line) => !line.startsWith("===== Job started"));
}

const rows = {
  async whoAmI() {
    expect("name", (await hub.whoAmI({ hubUrl, accessToken })).name, namespace);
  },
  async runJob() {
    const job = await hub.runJob({ ...options, dockerImage: image, command: train, flavor: "t4-small" });
    expect("job", [job.owner.name, job.dockerImage, job.flavor, job.command], [namespace, image, "t4-small", train]);
    expect("stage", ["SCHEDULING", "RUNNING"].includes(job.status.stage), true);
  },
  async "runJob, every argument"() {
    const job = await hub.runJob({
      ...options,
      dockerImage: image,
      command: train,
      arguments: ["--epochs", "3"],
      flavor: "t4-small",
      environment: { EPOCHS: "3" },
      secrets: { KEY: "very-secret" },
      labels: { team: "vision" },
      timeoutSeconds: 7200,
      attempts: 2,
      volumes: [{ source: { type: "dataset", name: "ada/images" }, mountPath: "/data" }],
    });
    expect("arguments", job.arguments, ["--epochs", "3"]);
    expect("environment", job.environment, { EPOCHS: "3" });
    expect("labels", job.labels, { team: "vision" });
    expect("volumes", job.volumes.map((each) => each.source), ["ada/images"]);
  },
  async getJob() {
    const jobId = await submit(serve);
    const job = await hub.getJob({ ...options, jobId });
    expect("job", [job.id, job.status.stage], [jobId, "RUNNING"]);
  },
  async cancelJob() {
    const job = await hub.cancelJob({ ...options, jobId: await submit(serve) });
    expect("stage", job.status.stage, "CANCELED");
  },
  async duplicateJob() {
    const jobId = await submit(serve);
    const again = await hub.duplicateJob({ ...options, jobId });
    expect("initiator", again.initiator, { type: "duplicated-job", id: jobId });
  },
  async listJobs() {
    const jobId = await submit(serve);
    expect("the newest job", (await hub.listJobs(options))[0].id, jobId);
  },
  async "listJobs, 120 of them"() {
    expect("of 120 jobs, it sees", (await hub.listJobs({ ...options, namespace: "crowd" })).length, 120);
  },
  async listJobHardware() {
    const names = (await hub.listJobHardware(options)).map((each) => each.name);
    expect("cpu-basic and t4-small among it", names.includes("cpu-basic") && names.includes("t4-small"), true);
  },
  async "streamJobLogs, followed"() {
    expect("log", await messages(await submit(train)), ["one", "two 🤗"]);
  },
  async "streamJobLogs, finished"() {
    const jobId = await submit(train);
    await messages(jobId);
    expect("log", await messages(jobId), ["one", "two 🤗"]);
  },
  async streamJobMetrics() {
    for await (const metric of hub.streamJobMetrics({ ...options, jobId: await submit(serve) })) {
      expect("cpu_usage_pct among them", "cpu_usage_pct" in JSON.parse(metric), true);
      return;
    }
    expect("metrics", "none", "some");
  },
  async streamJobEvents() {
    const events = await all(hub.streamJobEvents({ ...options, jobId: await submit(train) }));
    expect("the last event", JSON.parse(events.at(-1)).stage, "COMPLETED");
  },
  async createScheduledJob() {
    const made = await hub.createScheduledJob({ ...options, schedule: "@hourly", jobSpec: nightly });
    expect("scheduled job", [made.schedule, made.jobSpec.command], ["@hourly", nightly.command]);
  },
  async getScheduledJob() {
    const scheduledJobId = await schedule();
    expect("id", (await hub.getScheduledJob({ ...options, jobId: scheduledJobId })).id, scheduledJobId);
  },
  async listScheduledJobs() {
    const made = await schedule();
    const ids = (await hub.listScheduledJobs(options)).map((each) => each.id);
    expect("the one that was made among them", ids.includes(made), true);
  },
  async "suspendScheduledJob, resumeScheduledJob"() {
    const scheduledJobId = await schedule();
    const path = `/api/scheduled-jobs/${namespace}/${scheduledJobId}`;
    await hub.suspendScheduledJob({ ...options, jobId: scheduledJobId });
    expect("suspend", (await ask("GET", path)).suspend, true);
    await hub.resumeScheduledJob({ ...options, jobId: scheduledJobId });
    expect("suspend", (await ask("GET", path)).suspend, false);
  },
  async runScheduledJob() {
    const job = await hub.runScheduledJob({ ...options, jobId: await schedule() });
    expect("command", job.command, nightly.command);
  },
  async deleteScheduledJob() {
    const scheduledJobId = await schedule();
    await hub.deleteScheduledJob({ ...options, jobId: scheduledJobId });
    const left = (await ask("GET", `/api/scheduled-jobs/${namespace}`)).map((each) => each.id);
    expect("there afterwards", left.includes(scheduledJobId), false);
  },
};

const found = {};
for (const [name, row] of Object.entries(rows)) {
  try {
    await row();
    found[name] = "works";
  } catch (error) {
    // A class's own name: what a bundler left of it may be shorter.
    const text = `${error.name === "Error" ? error.constructor.name : error.name}: ${error.message}`;
    found[name] = text
      .replaceAll(hubUrl, "https://huggingface.co")
      .replace(/\b[0-9a-f]{24,}\b/g, "…")
      .replace(/Request ID: \S+/g, "Request ID: …")
      .split(/\s*\n\s*/)
      .join(" / ")
      .slice(0, 240);
  }
}
writeFileSync(out, JSON.stringify({ [api]: found }));
process.exit(0); // the client does not let go of streams that were left early
