import type {Bench} from "../measurement.ts";
import {openStepsPage} from "./open-page.ts";
import type {Place} from "./place.ts";

/** A part of a bench in a place that is opened for it, a page as a rule, and closed after it. */
export const within =
  (measure: (place: Place, quick: boolean) => ReturnType<Bench>, open = openStepsPage): Bench =>
  async ({quick}) => {
    const place = await open();
    try {
      return await measure(place, quick);
    } finally {
      await place.close();
    }
  };
