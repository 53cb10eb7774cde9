// Loaded before every test file. Servers for the shared backends are started from here once they exist.
export {};
