// `npm run fuzz -- [--programs N] [--seed S] [--only SEED] [--machine NAME] [--tries N]`: random programs on every machine.
// Ends with 1 if one of them shows a fault; each is printed with its seed and shrunk.
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ensureInstalled, run } from "./shared.mjs";
import { importTypeScript } from "./typescript.mjs";

const started = "LFC_FUZZ";

function options() {
  const { values } = parseArgs({
    options: {
      programs: { type: "string", default: "200" },
      seed: { type: "string", default: "1" },
      only: { type: "string" },
      machine: { type: "string" },
      tries: { type: "string", default: "1500" },
    },
  });
  const number = (name) => {
    const value = Number(values[name]);
    if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} takes a whole number`);
    return value;
  };
  const one = values.only === undefined ? undefined : number("only");
  return {
    programs: one === undefined ? number("programs") : 1,
    seed: one ?? number("seed"),
    tries: number("tries"),
    ...(values.machine === undefined ? {} : { machine: values.machine }),
    write: (text) => process.stdout.write(text),
  };
}

async function main() {
  const wanted = options();
  await ensureInstalled();
  if (process.env[started] === undefined) {
    // a driver is found by variables with which the process has to start
    const { graphicsEnvironment } = await importTypeScript("test/support/environment.ts");
    const env = { ...(await graphicsEnvironment()), [started]: "1" };
    return run(process.execPath, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { env });
  }
  const { fuzz } = await importTypeScript("test/random/fuzz.ts");
  return (await fuzz(wanted)) === 0 ? 0 : 1;
}

// Dawn's threads outlive the device.
process.exit(
  await main().catch((error) => {
    console.error(error instanceof Error ? error.message : error);
    return 2;
  }),
);
