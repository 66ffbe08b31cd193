// The service worker of the static site. Built by write-service-worker.ts, which puts the manifest in.
import {isUsed} from "./engines.ts";
import {cacheName, outdatedCaches, ownCaches} from "./generations.ts";
import {keyOf} from "./key.ts";
import type {SiteManifest} from "./manifest.ts";

declare const siteManifest: SiteManifest;

const worker = self as unknown as ServiceWorkerGlobalScope;
const {scope} = worker.registration;
const current = cacheName(scope, siteManifest.build);

worker.addEventListener("install", (event) => event.waitUntil(install().then(() => worker.skipWaiting())));
worker.addEventListener("activate", (event) => event.waitUntil(activate()));
worker.addEventListener("fetch", (event) => {
  if (event.request.method === "GET" && event.request.url.startsWith(scope))
    event.respondWith(answer(event.request));
});

const browser = {cores: navigator.hardwareConcurrency, userAgent: navigator.userAgent};

/** Fills this build's cache, a few files at a time; the build counts as installed when it has every one. */
async function install(): Promise<void> {
  const cache = await caches.open(current);
  const waiting = siteManifest.files.filter((file) => isUsed(file, browser));
  const fill = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) await keep(cache, file);
  };
  await Promise.all([fill(), fill(), fill(), fill()]);
  const html = {"Content-Type": "text/html; charset=utf-8"};
  await cache.put(keyOf(scope), isolated(new Response(siteManifest.page, {headers: html})));
}

const urlOf = (file: string) => keyOf(scope + file.split("/").map(encodeURIComponent).join("/"));

async function keep(cache: Cache, file: string): Promise<void> {
  const url = urlOf(file);
  if (await cache.match(url)) return;
  // The name of an asset changes with its content: one that an earlier build kept is the same.
  const fixed = file.startsWith("assets/");
  const known = fixed ? await caches.match(url) : undefined;
  const response = known ?? (await fetch(url, {cache: fixed ? "default" : "no-cache"}));
  if (!response.ok) throw new Error(`The site's file ${file} could not be fetched: ${response.status}.`);
  await cache.put(url, isolated(response));
}

/** Adds the headers that give wasm its threads, which a plain host does not send. */
function isolated(response: Response): Response {
  const headers = new Headers(response.headers);
  // The body is decoded by now, whatever it came as.
  for (const name of ["Content-Encoding", "Content-Length"]) headers.delete(name);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "credentialless");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  return new Response(response.body, {headers});
}

async function activate(): Promise<void> {
  for (const name of outdatedCaches(await caches.keys(), scope, current)) await caches.delete(name);
  await worker.clients.claim();
}

async function answer(request: Request): Promise<Response> {
  const url = keyOf(request.url);
  for (const name of [current, ...ownCaches(await caches.keys(), scope)]) {
    const kept = await (await caches.open(name)).match(url);
    if (kept) return kept;
  }
  const file = siteManifest.files.find((file) => urlOf(file) === url);
  if (file === undefined) return fetch(request);
  // One that this browser was not expected to use.
  const cache = await caches.open(current);
  await keep(cache, file);
  return (await cache.match(url)) ?? fetch(request);
}
