// How numbers, limits and days read.

// Digits in threes by narrow spaces, which no locale takes for a decimal point.
const decimal = new Intl.NumberFormat("en", {maximumFractionDigits: 6});
export const grouped = (number) => decimal.format(number).replaceAll(",", "\u202f");

export const perSecond = (rate) => grouped(rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate));
export const plural = (count, noun) => `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;

const kPeriods = {DAY: "a day", WEEK: "a week", MONTH: "a month"};
export const throttleText = ({rateLimit = 0, burstLimit = 0}) =>
  `${grouped(rateLimit)}/s, burst ${grouped(burstLimit)}`;
export const quotaText = ({limit, period}) => `${grouped(limit)} ${kPeriods[period] ?? period}`;
export const stageText = ({apiId, stage}) => `${apiId}:${stage}`;

export const kDay = 86_400_000;  // In milliseconds.
export const isoDay = (time) => new Date(time).toISOString().slice(0, 10);
