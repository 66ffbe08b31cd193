/** What the service worker keeps, so that the site works with the network cut. */
export interface SiteManifest {
  /** Names this build: a hash over everything in it. */
  build: string;
  /** The page itself. It travels inside of the worker: page and files can never be of two builds. */
  page: string;
  /** Every other file, relative to the site's base. */
  files: string[];
}
