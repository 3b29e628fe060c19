// Ten types of an API as a developer declares them with zod. `z` is zod 4, or zod 3 for zod-to-json-schema: `isFour` says which, where
// the two differ.

export function types(z, isFour) {
    const email = () => (isFour ? z.email() : z.string().email());
    const url = () => (isFour ? z.url() : z.string().url());
    const uuid = () => (isFour ? z.uuid() : z.string().uuid());
    const dateTime = () => (isFour ? z.iso.datetime({ offset: true }) : z.string().datetime({ offset: true }));
    const date = () => (isFour ? z.iso.date() : z.string().date());
    const time = () => (isFour ? z.iso.time() : z.string().time());
    const duration = () => (isFour ? z.iso.duration() : z.string().duration());
    const strict = (shape) => (isFour ? z.strictObject(shape) : z.object(shape).strict());
    const record = (values) => z.record(z.string(), values);

    const address = z.object({
        street: z.string().min(1).max(200),
        city: z.string().min(1),
        postal_code: z.string().regex(/^[A-Z0-9][A-Z0-9 -]{2,9}$/),
        country: z.string().length(2).describe("ISO 3166-1 alpha-2"),
        region: z.string().optional(),
    });

    const contact = z
        .object({
            id: uuid(),
            email: email(),
            name: z.string().trim().min(1).max(120),
            phone: z.string().regex(/^\+[1-9]\d{6,14}$/).optional(),
            website: url().nullable(),
            birthday: date().optional(),
            tags: z.array(z.string().min(1).max(32)).max(20).default([]),
            address: address.optional(),
            lifecycle: z.enum(["lead", "customer", "former"]),
            score: z.number().min(0).max(100).nullable().optional(),
        })
        .describe("Somebody in the address book.");

    const payment = z.discriminatedUnion("method", [
        z.object({ method: z.literal("card"), last4: z.string().regex(/^\d{4}$/), expires: z.string().regex(/^(0[1-9]|1[0-2])\/\d{2}$/) }),
        z.object({ method: z.literal("bank"), iban: z.string().regex(/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/) }),
        z.object({ method: z.literal("invoice"), days: z.union([z.literal(14), z.literal(30), z.literal(60)]) }),
    ]);
    const order = z.object({
        number: z.number().int().positive(),
        placed_at: dateTime(),
        currency: z.enum(["EUR", "USD", "GBP", "JPY"]).default("EUR"),
        customer: z.object({ name: z.string(), email: email() }),
        ship_to: address,
        bill_to: address.optional(),
        lines: z
            .array(z.object({ sku: z.string().regex(/^[A-Z]{3}-\d{4,8}$/), quantity: z.number().int().min(1).max(999), unit_price: z.number().nonnegative(), note: z.string().max(500).nullish() }))
            .min(1)
            .max(100_000),
        payment,
        discounts: z.array(z.union([z.object({ percent: z.number().gt(0).lte(100) }), z.object({ amount: z.number().positive() })])).optional(),
    });

    const event = z.discriminatedUnion("type", [
        z.object({ type: z.literal("user.created"), id: uuid(), at: dateTime(), user: z.object({ login: z.string().regex(/^[a-z\d](?:[a-z\d]|-(?=[a-z\d])){0,38}$/i), admin: z.boolean().default(false) }) }),
        z.object({ type: z.literal("file.uploaded"), id: uuid(), at: dateTime(), file: z.object({ name: z.string().min(1), bytes: z.number().int().nonnegative(), sha256: z.string().regex(/^[a-f0-9]{64}$/), url: url() }) }),
        z.object({ type: z.literal("metric"), id: uuid(), at: dateTime(), values: record(z.number()), labels: record(z.string()).optional() }),
        z.object({ type: z.literal("custom"), id: uuid(), at: dateTime(), payload: z.unknown() }),
    ]);

    const comment = z.object({
        author: z.string().min(1),
        text: z.string().max(10_000),
        posted: dateTime(),
        votes: z.number().int().default(0),
        replies: z.array(z.lazy(() => comment)).default([]),
    });

    const settings = strict({
        theme: z.enum(["light", "dark", "system"]).default("system"),
        language: z.string().regex(/^[a-z]{2}(-[A-Z]{2})?$/).default("en"),
        font_size: z.number().min(8).max(32).multipleOf(0.5).default(14),
        shortcuts: record(z.string().min(1)),
        flags: record(z.boolean()).default({}),
        editor: strict({ tab_width: z.union([z.literal(2), z.literal(4), z.literal(8)]).default(4), rulers: z.array(z.number().int().min(1)).max(8).optional(), wrap: z.boolean().optional() }).optional(),
        proxy: z.union([strict({ host: z.string().min(1), port: z.number().int().min(1).max(65535) }), z.null()]).default(null),
    });

    const position = z.tuple([z.number().min(-180).max(180), z.number().min(-90).max(90)]);
    const feature = z.object({
        type: z.literal("Feature"),
        id: z.union([z.string(), z.number()]).optional(),
        bbox: z.tuple([z.number(), z.number(), z.number(), z.number()]).optional(),
        geometry: z.discriminatedUnion("type", [
            z.object({ type: z.literal("Point"), coordinates: position }),
            z.object({ type: z.literal("LineString"), coordinates: z.array(position).min(2) }),
            z.object({ type: z.literal("Polygon"), coordinates: z.array(z.array(position).min(4)).min(1) }),
        ]),
        properties: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).nullable(),
    });

    const person = z.object({ given_name: z.string().min(1), family_name: z.string().min(1), born: date() });
    const employment = z.object({
        employee_id: z.number().int().min(1),
        department: z.enum(["engineering", "sales", "support", "finance"]),
        salary: z.object({ amount: z.number().positive().multipleOf(0.01), currency: z.string().length(3) }),
        hours: z.number().gt(0).lte(60).default(40),
        manager: z.number().int().nullable().default(null),
        skills: z.array(z.string()).optional(),
    });
    const employee = z.intersection(person, employment);

    const message = z.object({
        role: z.enum(["system", "user", "assistant", "tool"]),
        content: z.union([
            z.string(),
            z
                .array(
                    z.discriminatedUnion("type", [
                        z.object({ type: z.literal("text"), text: z.string() }),
                        z.object({ type: z.literal("image"), source: z.union([z.object({ url: url() }), z.object({ media_type: z.enum(["image/png", "image/jpeg"]), data: isFour ? z.base64() : z.string().base64() })]) }),
                        z.object({ type: z.literal("tool_use"), name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/), input: record(z.unknown()) }),
                    ]),
                )
                .min(1),
        ]),
        name: z.string().optional(),
        metadata: record(z.union([z.string(), z.number()])).optional(),
        temperature: z.number().min(0).max(2).optional(),
    });

    const value = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.union([z.string(), z.number()]))]);
    const filter = z.union([
        z.object({ op: z.enum(["and", "or"]), args: z.array(z.lazy(() => filter)).min(1) }),
        z.object({ op: z.literal("not"), arg: z.lazy(() => filter) }),
        z.object({ op: z.enum(["eq", "ne", "lt", "gt", "in", "contains"]), field: z.string().regex(/^[a-z_][a-z0-9_.]*$/), value }),
    ]);

    const schedule = z.object({
        name: z.string().min(1),
        starts: date(),
        at: time(),
        every: duration(),
        cron: z.string().regex(/^(\S+\s+){4}\S+$/).optional(),
        zone: z.string().regex(/^[A-Za-z_]+(\/[A-Za-z_+-]+)*$/),
        weekdays: z.array(z.enum(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])).min(1).max(7),
        retries: z.object({ limit: z.number().int().min(0).max(10), backoff: z.literal("exponential").or(z.literal("fixed")), first: z.number().positive() }).optional(),
        notify: z.array(email()).max(10).optional(),
        hosts: z.array(isFour ? z.ipv4() : z.string().ip({ version: "v4" })).optional(),
        window: z.tuple([time(), time()]).nullable(),
    });

    return { contact, order, event, comment, settings, feature, employee, message, filter, schedule };
}
