/** How the addresses of one kind of server are written. */
export interface AddressForm {
  /** Completes "must look like" and "give". */
  readonly example: string;
  /** Whether the kind's driver can make something of it; what is no text is none. */
  accepts(address: unknown): address is string;
}

export const POSTGRES_URL = urlForm(
  "postgres://user:password@host:5432/database",
  "postgres:",
  "postgresql:",
);
export const MYSQL_URL = urlForm("mysql://user:password@host:3306/database", "mysql:", "mariadb:");

/** Without a protocol too, as the nodes of a cluster may be given. */
export const REDIS_ADDRESS: AddressForm = {
  example:
    "redis://user:password@host:port/db or rediss://… for TLS, and characters such as / # % in a password as %2F %23 %25",
  accepts: (address): address is string => typeof address === "string" && isRedisUrl(redisUrlOf(address)),
};

export const REDIS_URL: AddressForm = {
  example: REDIS_ADDRESS.example,
  accepts: (address): address is string => typeof address === "string" && isRedisUrl(address),
};

/** The url of an address that may be given without the protocol. */
export function redisUrlOf(address: string): string {
  return address.includes("://") ? address : `redis://${address}`;
}

/** The number of the database that an accepted address of redis names; 0 when it names none. */
export function redisDatabaseOf(address: string): number {
  return Number(new URL(redisUrlOf(address)).pathname.slice(1));
}

/** Whether keys may begin so: braces would decide the slot of a cluster that they are in. */
export function isRedisPrefix(prefix: string): boolean {
  return prefix !== "" && !/[{}]/.test(prefix);
}

function urlForm(example: string, ...protocols: readonly string[]): AddressForm {
  return {
    example,
    accepts: (address): address is string =>
      typeof address === "string" && URL.canParse(address) && protocols.includes(new URL(address).protocol),
  };
}

/** The driver looks at these parts, and throws where one is wrong. */
function isRedisUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, username, password, pathname } = new URL(url);
  if (!/^rediss?:$/.test(protocol) || !/^\/?\d*$/.test(pathname)) return false;
  return isDecodable(username) && isDecodable(password);
}

function isDecodable(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}
