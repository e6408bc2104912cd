// One whole life cycle through AWS's JavaScript SDK, unmodified: from a dataset group to
// recommendations, filters, events and deletion. Told where to by environment variables:
// ENDPOINT, and BUCKET with interactions.csv and items.csv. Prints one JSON object of what it saw.
import * as control from "@aws-sdk/client-personalize";
import * as runtime from "@aws-sdk/client-personalize-runtime";
import * as events from "@aws-sdk/client-personalize-events";

const options = {
  endpoint: process.env.ENDPOINT,
  region: "us-east-1",
  credentials: { accessKeyId: "123456789012", secretAccessKey: "local" },
};
const personalize = new control.PersonalizeClient(options);
const runtimeClient = new runtime.PersonalizeRuntimeClient(options);
const eventsClient = new events.PersonalizeEventsClient(options);

const call = (name, input = {}) => personalize.send(new control[`${name}Command`](input));
const roleArn = "arn:aws:iam::123456789012:role/PersonalizeRole";
const field = (name, type, more = {}) => ({ name, type, ...more });
const avro = (name, fields) =>
  JSON.stringify({
    type: "record",
    name,
    namespace: "com.amazonaws.personalize.schema",
    fields,
    version: "1.0",
  });

async function poll(what, look, done) {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const found = await look();
    if (done(found)) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${what} did not come to an end`);
}

async function active(describe, argument, arn, member) {
  const found = await poll(
    arn,
    async () => (await call(describe, { [argument]: arn }))[member],
    (each) => ["ACTIVE", "CREATE FAILED"].includes(each.status),
  );
  if (found.status !== "ACTIVE") throw new Error(`${arn}: ${found.failureReason}`);
  return found;
}

async function gone(describe, argument, arn) {
  await poll(
    arn,
    () =>
      call(describe, { [argument]: arn }).then(
        () => false,
        (error) => error.name === "ResourceNotFoundException",
      ),
    (absent) => absent,
  );
}

async function dataset(group, type, fields) {
  const schema = await call("CreateSchema", { name: `js-${type}`, schema: avro(type, fields) });
  const { datasetArn } = await call("CreateDataset", {
    name: `js-${type}`,
    schemaArn: schema.schemaArn,
    datasetGroupArn: group,
    datasetType: type,
  });
  await active("DescribeDataset", "datasetArn", datasetArn, "dataset");
  const job = await call("CreateDatasetImportJob", {
    jobName: `js-${type}`,
    datasetArn,
    dataSource: { dataLocation: `s3://${process.env.BUCKET}/${type.toLowerCase()}.csv` },
    roleArn,
  });
  await active("DescribeDatasetImportJob", "datasetImportJobArn", job.datasetImportJobArn,
    "datasetImportJob");
  return { datasetArn, schemaArn: schema.schemaArn };
}

const seen = {};
const { datasetGroupArn } = await call("CreateDatasetGroup", { name: "js-group" });
await active("DescribeDatasetGroup", "datasetGroupArn", datasetGroupArn, "datasetGroup");
const datasets = [
  await dataset(datasetGroupArn, "Interactions", [
    field("USER_ID", "string"),
    field("ITEM_ID", "string"),
    field("EVENT_TYPE", "string"),
    field("TIMESTAMP", "long"),
  ]),
  await dataset(datasetGroupArn, "Items", [
    field("ITEM_ID", "string"),
    field("GENRES", ["null", "string"], { categorical: true }),
  ]),
];

const { solutionArn } = await call("CreateSolution", {
  name: "js-solution",
  datasetGroupArn,
  recipeArn: "arn:aws:personalize:::recipe/aws-user-personalization",
  performAutoTraining: false,
});
await active("DescribeSolution", "solutionArn", solutionArn, "solution");
const { solutionVersionArn } = await call("CreateSolutionVersion", { solutionArn });
await active("DescribeSolutionVersion", "solutionVersionArn", solutionVersionArn,
  "solutionVersion");
seen.metrics = (await call("GetSolutionMetrics", { solutionVersionArn })).metrics;

const { campaignArn } = await call("CreateCampaign", {
  name: "js-campaign",
  solutionVersionArn,
  minProvisionedTPS: 1,
});
await active("DescribeCampaign", "campaignArn", campaignArn, "campaign");
const { filterArn } = await call("CreateFilter", {
  name: "js-filter",
  datasetGroupArn,
  filterExpression: "INCLUDE ItemID WHERE Items.GENRES IN ($GENRE)",
});
await active("DescribeFilter", "filterArn", filterArn, "filter");
const { eventTrackerArn, trackingId } = await call("CreateEventTracker", {
  name: "js-tracker",
  datasetGroupArn,
});
await active("DescribeEventTracker", "eventTrackerArn", eventTrackerArn, "eventTracker");

const recommend = async (more = {}) =>
  runtimeClient.send(
    new runtime.GetRecommendationsCommand({ campaignArn, userId: "u1", numResults: 10, ...more }),
  );
const before = await recommend();
seen.before = before.itemList;
seen.recommendationId = before.recommendationId;
seen.filtered = (
  await recommend({ filterArn, filterValues: { GENRE: '"Crime"' } })
).itemList.map((each) => each.itemId);
await eventsClient.send(
  new events.PutEventsCommand({
    trackingId,
    userId: "u1",
    sessionId: "session-1",
    eventList: [
      { eventType: "watch", itemId: "i71", sentAt: new Date() },
      { eventType: "watch", itemId: "i72", sentAt: new Date(), properties: "{}" },
    ],
  }),
);
seen.after = (await recommend()).itemList;
const notFound = await recommend({ campaignArn: `${campaignArn}-not` }).catch((error) => error);
seen.refusal = [notFound.name, notFound.$metadata.httpStatusCode, notFound.message];

await call("DeleteCampaign", { campaignArn });
await gone("DescribeCampaign", "campaignArn", campaignArn);
await call("DeleteSolution", { solutionArn });
await gone("DescribeSolution", "solutionArn", solutionArn);
await call("DeleteEventTracker", { eventTrackerArn });
await gone("DescribeEventTracker", "eventTrackerArn", eventTrackerArn);
await call("DeleteFilter", { filterArn });
await gone("DescribeFilter", "filterArn", filterArn);
seen.datasets = (await call("ListDatasets", { datasetGroupArn })).datasets.map(
  (each) => each.datasetType,
);
for (const each of (await call("ListDatasets", { datasetGroupArn })).datasets) {
  await call("DeleteDataset", { datasetArn: each.datasetArn });
  await gone("DescribeDataset", "datasetArn", each.datasetArn);
}
for (const { schemaArn } of datasets) await call("DeleteSchema", { schemaArn });
await call("DeleteDatasetGroup", { datasetGroupArn });
await gone("DescribeDatasetGroup", "datasetGroupArn", datasetGroupArn);
seen.left = (await call("ListDatasetGroups")).datasetGroups.map((each) => each.name);
console.log(JSON.stringify(seen));
