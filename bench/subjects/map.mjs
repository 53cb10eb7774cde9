async function open() {
  const map = new Map();
  return {
    get: async (key) => map.get(key),
    set: async (key, value) => void map.set(key, value),
    keys: async (pattern) => keysOf(map, pattern),
  };
}

async function openJson() {
  const map = new Map();
  return {
    get: async (key) => JSON.parse(map.get(key)),
    set: async (key, value) => void map.set(key, JSON.stringify(value)),
  };
}

function keysOf(map, pattern) {
  const prefix = pattern.slice(0, -1);
  return [...map.keys()].filter((key) => key.startsWith(prefix));
}

export const subjects = {
  "raw Map": { durability: "none", copies: "no", open },
  "Map of JSON": { durability: "none", copies: "yes", open: openJson },
};
