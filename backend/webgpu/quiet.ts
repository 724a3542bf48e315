// wgpu, which some runtimes have their WebGPU from, complains on stderr where XDG_RUNTIME_DIR is not set, and wants
// nothing of it. A browser has no environment, and nothing happens there.

/** What of a runtime has an environment. */
interface Host {
  readonly build?: { readonly os: string };
  readonly env?: { get(name: string): string | undefined; set(name: string, value: string): void };
  readonly permissions?: {
    querySync(of: { name: "env"; variable: string }): { readonly state: string };
  };
}

const NAME = "XDG_RUNTIME_DIR";

/**
 * Names a folder for wgpu where Linux names none and the program may; nobody is asked for a permission.
 *
 * @param host The runtime; default that which the program runs in, if it is one with wgpu.
 */
export function quietWgpu(host: Host | undefined = Reflect.get(globalThis, "Deno")): void {
  if (host?.build?.os !== "linux") return;
  if (host.permissions?.querySync({ name: "env", variable: NAME }).state !== "granted") return;
  if (host.env?.get(NAME) === undefined) host.env?.set(NAME, "/tmp");
}
