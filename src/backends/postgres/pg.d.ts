/** The driver has no types of its own; what is used of it is declared in postgres-driver.ts. */
declare module "pg" {
  const driver: unknown;
  export default driver;
}
