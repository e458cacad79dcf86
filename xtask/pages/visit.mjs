// Visits secure URLs as a person would, in Chromium, and tells on standard output what that person saw.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";

const { CHROMIUM, SHOTS, DOWNLOAD, GUARDED, PASSPHRASE, ENDED, UPLOAD, FILE } = process.env;
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
const page = await browser.newPage({ viewport: { width: 800, height: 600 }, acceptDownloads: true });
const complaints = [];
page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
const elsewhere = [];
page.on("request", (request) => {
  if (new URL(request.url()).origin !== new URL(DOWNLOAD).origin) elsewhere.push(request.url());
});

const shot = (name) => page.screenshot({ path: join(SHOTS, `${name}.png`) });
const text = () => page.locator("main").innerText();
const fetched = async (press) => {
  const [download] = await Promise.all([page.waitForEvent("download"), press()]);
  const bytes = await readFile(await download.path());
  return { name: download.suggestedFilename(), digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}` };
};
const button = page.locator("button");
const seen = {};

await page.goto(DOWNLOAD);
seen.valid = await text();
await shot("download-valid");
seen.file = await fetched(() => button.click());
await page.reload();
seen.usedUp = await text();

await page.goto(GUARDED);
await shot("download-passphrase");
await page.getByLabel("Passphrase").fill("not the passphrase");
await button.click();
seen.wrong = await page.getByRole("alert").innerText();
await shot("download-passphrase-wrong");
await page.getByLabel("Passphrase").fill(PASSPHRASE);
seen.guarded = await fetched(() => button.click());

const response = await page.goto(ENDED);
seen.ended = { status: response.status(), text: await text() };
await shot("download-expired");

await page.goto(UPLOAD);
await shot("upload-valid");
await page.getByLabel("File").setInputFiles(FILE);
await button.click();
seen.arrived = await text();
await shot("upload-arrived");

await browser.close();
// A refused form answers 403 and a URL that has ended 410: the browser says so, too.
seen.complaints = complaints.filter((it) => !/status of (403|410)/.test(it));
seen.elsewhere = elsewhere;
console.log(JSON.stringify(seen));
