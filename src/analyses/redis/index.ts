/** The `redis` analysis: front door. The model is in model.ts, its names in keys.ts. */
import { RedisDecoder } from "../../environments/redis/index.ts";
import type { Analysis } from "../contract.ts";
import { documents } from "./keys.ts";
import { RedisModel } from "./model.ts";

const redis: Analysis = {
  id: "redis",
  version: 2,
  needs: [],
  start({ source, cursor, writer }) {
    const model = new RedisModel(writer, source);
    const decoder = new RedisDecoder(source, cursor, () => model);
    if (!decoder.isUseful) return undefined;
    return {
      handle: () => decoder.handle(),
      finish(end) {
        decoder.finish();
        model.finish(end);
        writer.document(documents.steps, model.steps(decoder.slopes));
        writer.document(documents.processes, model.summaries(decoder.processes));
      },
    };
  },
};

export default redis;
