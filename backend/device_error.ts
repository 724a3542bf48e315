// What a device refuses for a reason that lies outside the program: there is no driver, its memory is full, it is lost.

/** The device, not the program, is why: a user can free memory, shorten texts or open another device. */
export class DeviceError extends Error {
  /** What it is. */
  override readonly name = "DeviceError";
}
