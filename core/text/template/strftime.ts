// Dates as Python's strftime writes them in the C locale: what strftime_now gives a chat template.

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** `date` in local time by the directives that chat templates use; others stay as they are. */
export function formatTime(date: Date, format: string): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const hour12 = date.getHours() % 12 || 12;
  const year = String(date.getFullYear()).padStart(4, "0");
  const directives: Record<string, () => string> = {
    "%": () => "%",
    Y: () => year,
    y: () => year.slice(-2),
    m: () => two(date.getMonth() + 1),
    "-m": () => String(date.getMonth() + 1),
    d: () => two(date.getDate()),
    "-d": () => String(date.getDate()),
    e: () => String(date.getDate()).padStart(2, " "),
    B: () => MONTHS[date.getMonth()],
    b: () => MONTHS[date.getMonth()].slice(0, 3),
    A: () => DAYS[date.getDay()],
    a: () => DAYS[date.getDay()].slice(0, 3),
    H: () => two(date.getHours()),
    I: () => two(hour12),
    M: () => two(date.getMinutes()),
    S: () => two(date.getSeconds()),
    p: () => date.getHours() < 12 ? "AM" : "PM",
    j: () => String(dayOfYear(date)).padStart(3, "0"),
    F: () => `${year}-${two(date.getMonth() + 1)}-${two(date.getDate())}`,
    T: () => `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`,
  };
  return format.replace(/%(-?[A-Za-z]|%)/g, (all, directive) => {
    return Object.hasOwn(directives, directive) ? directives[directive]() : all;
  });
}

function dayOfYear(date: Date): number {
  const day = (year: number, month: number, of: number) => Date.UTC(year, month, of) / 86_400_000;
  return day(date.getFullYear(), date.getMonth(), date.getDate()) - day(date.getFullYear(), 0, 0);
}
