import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Mistake } from "../../../core/base/mistake.ts";
import { Endpoint, type EndpointOptions, waitOf } from "../../../core/judge/endpoint.ts";
import { fakeClock } from "../../support/fake_clock.ts";

type Answer = () => Response | Promise<Response>;
const KEY = "sk-secret-0123456789";

/** An endpoint that answers in turn, the last answer for ever; it remembers what it was asked. */
function scripted(answers: Answer[], options: Partial<EndpointOptions> = {}) {
  const seen: { url: string; init: RequestInit }[] = [];
  const clock = fakeClock(1e12);
  const endpoint = new Endpoint({
    ...{ url: "http://user:pass@judge.test/v1/", apiKey: KEY, timeout: Infinity, clock },
    fetch: (url, init = {}) => {
      seen.push({ url: String(url), init });
      return Promise.resolve(answers[Math.min(seen.length, answers.length) - 1]());
    },
    ...options,
  });
  return { endpoint, seen, clock };
}
const status = (status: number, headers: HeadersInit = {}) => () =>
  new Response("x", { status, headers });
const ok = (text = "{}") => () => new Response(text);

Deno.test("Endpoint.ask() posts JSON with the key to chat/completions, and gives the body", async () => {
  const { endpoint, seen } = scripted([ok("hello")]);
  assertEquals(await endpoint.ask({ a: 1 }), { body: "hello" });
  const [{ url, init }] = seen;
  assertEquals(url, "http://user:pass@judge.test/v1/chat/completions");
  assertEquals([init.method, init.body, init.redirect], ["POST", '{"a":1}', "manual"]);
  assertEquals(new Headers(init.headers).get("authorization"), `Bearer ${KEY}`);
  assertEquals(endpoint.name, "http://…@judge.test/v1/chat/completions", "no password in a name");
});

Deno.test("Endpoint.ask() asks again while the endpoint is out of order, and waits as it is told", async () => {
  const down = () => Promise.reject(new TypeError("connection refused"));
  const answers = [
    down,
    status(503),
    status(429, { "retry-after": "7" }),
    status(500),
    ok("at last"),
  ];
  const { endpoint, seen, clock } = scripted(answers);
  assertEquals(await endpoint.ask({}), { body: "at last" });
  assertEquals([seen.length, endpoint.retries], [5, 4]);
  assert(clock.waited.includes(7000), `${clock.waited}`);
});

Deno.test("Endpoint.ask() outlives ten minutes of outage, and says so after patience is over", async () => {
  const clock = fakeClock(0);
  const outages: [string, number][] = [];
  const heals = scripted([], {
    clock,
    onOutage: (...outage) => void outages.push(outage),
    fetch: () => Promise.resolve(clock.now() < 600_000 ? status(502)() : ok("back")()),
  });
  assertEquals(await heals.endpoint.ask({}), { body: "back" });
  assert(clock.now() >= 600_000 && clock.now() < 640_000, `${clock.now()}`);
  assert(heals.endpoint.retries < 60, "it does not hammer");
  assertEquals(outages, [["HTTP 502", 900_000]], "it is told once");
  const dead = scripted([status(503)], { patience: 60_000 });
  const error = await assertRejects(() => dead.endpoint.ask({}), Mistake, "HTTP 503");
  assertEquals(error.code, "network");
});

Deno.test("Endpoint.ask() never asks again what has begun to be answered", async () => {
  const broken = () =>
    new Response(
      new ReadableStream({
        start: (stream) => stream.enqueue(new TextEncoder().encode("{")),
        pull: (stream) => stream.error(new Error(`reset by ${KEY}`)),
      }),
    );
  const { endpoint, seen } = scripted([broken]);
  const asked = await endpoint.ask({});
  assert(
    "failed" in asked && asked.failed.startsWith("the reply broke off"),
    JSON.stringify(asked),
  );
  assert(!JSON.stringify(asked).includes(KEY));
  assertEquals(seen.length, 1);
  const huge = scripted([ok("x".repeat(5000))], { maxBytes: 1000 });
  assertEquals(await huge.endpoint.ask({}), { failed: "the reply is longer than 1000 bytes" });
  assertEquals(huge.seen.length, 1);
});

Deno.test("Endpoint.ask() waits for a drip no longer than it is told, and says an abort's reason", async () => {
  const fetch = (_url: unknown, { signal }: RequestInit = {}) =>
    Promise.resolve(
      new Response(
        new ReadableStream({
          start(stream) {
            const drip = setInterval(() => stream.enqueue(new Uint8Array([32])), 5);
            signal!.addEventListener("abort", () => {
              clearInterval(drip);
              stream.error(signal!.reason);
            });
          },
        }),
      ),
    );
  const url = "http://judge.test/v1";
  const slow = new Endpoint({ url, timeout: 40, fetch });
  const asked = await slow.ask({});
  assert("failed" in asked && asked.failed.includes("no whole reply within 0.04 s"), String(asked));
  const controller = new AbortController();
  const patient = new Endpoint({ url, fetch });
  setTimeout(() => controller.abort(new Error("enough")), 20);
  await assertRejects(() => patient.ask({}, controller.signal), Error, "enough");
});

Deno.test("Endpoint.ask() ends at what no waiting mends, and never goes elsewhere with the key", async () => {
  for (const code of [401, 403, 404, 405, 301, 307, 308]) {
    const { endpoint, seen } = scripted([
      status(code, { location: "http://elsewhere.test/" }),
    ]);
    const error = await assertRejects(() => endpoint.ask({}), Mistake, `HTTP ${code}`);
    assertEquals([seen.length, error.message.includes(KEY), error.fix !== undefined], [
      1,
      false,
      true,
    ]);
  }
  for (const code of [400, 413, 422]) {
    const { endpoint, seen } = scripted([status(code)]);
    const failed = `the endpoint refused the question: HTTP ${code}`;
    assertEquals(await endpoint.ask({}), { failed, isRefused: true });
    assertEquals(seen.length, 1);
  }
});

Deno.test("Endpoint refuses an address that is none, and limits that are none", () => {
  for (const url of ["", "judge", "file:///etc/passwd", "ftp://x/v1"]) {
    assertThrows(() => new Endpoint({ url }), Mistake, "expected one of http or https");
  }
  const url = "http://judge.test/v1/chat/completions";
  assertEquals(new Endpoint({ url }).name, url);
  for (const limit of ["concurrency", "perMinute", "timeout", "patience", "maxBytes"]) {
    assertThrows(
      () => new Endpoint({ url, [limit]: 0 }),
      RangeError,
      `${limit} is 0, expected ≥ 1`,
    );
  }
});

Deno.test("waitOf() reads seconds and dates", () => {
  const now = Date.parse("Tue, 01 Dec 2026 10:00:00 GMT");
  const cases: [string | null, number | undefined][] = [
    [null, undefined],
    ["", undefined],
    ["soon", undefined],
    ["3", 3000],
    ["0.5", 500],
    ["-1", 0],
    ["Tue, 01 Dec 2026 10:00:05 GMT", 5000],
    ["Tue, 01 Dec 2026 09:00:00 GMT", 0],
  ];
  for (const [header, ms] of cases) assertEquals(waitOf(header, now), ms, `${header}`);
});
