import { Delivery, SubscribeResponse } from "@opendxa/pubsub-protocol";
import { expect, it } from "vitest";
import { deliveryBytes } from "./delivery-bytes.js";

it.each([0, 1, 100, 125, 126, 127, 128, 16_000, 16_380, 16_384, 300_000])(
  "knows the bytes of a delivery of about %d bytes",
  (size) => {
    const selected = new Uint8Array(size);
    const delivery = Delivery.fromPartial({ batches: [{ selected }] });
    const response = SubscribeResponse.encode({
      message: { $case: "delivery", value: delivery },
    }).finish();
    expect(deliveryBytes(response.length)).toBe(Delivery.encode(delivery).finish().length);
  },
);
