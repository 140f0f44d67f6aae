// A tour of the API by the client that openapi-typescript describes: every path, parameter and
// answer below is checked by the compiler against the document.
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/schema";

// Declared here instead of all the types of Node.js.
declare const process: { argv: string[] };

type Problem = components["schemas"]["Problem"];
// Lists are files as well (CSV, NDJSON, XLSX): this client asks for JSON only.
type Json = "application/json" | "application/problem+json";

function check(holds: boolean, what: string): asserts holds {
    if (!holds) throw new Error(`not as expected: ${what}`);
    console.log(`  ${what}`);
}

const [baseUrl, token] = process.argv.slice(2);
if (!baseUrl || !token) throw new Error("usage: tour ADDRESS TOKEN");
const anyone = createClient<paths, Json>({ baseUrl });
const anct = createClient<paths, Json>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

const departements = await anyone.GET("/api/v1/departements", { params: { query: { limit: 500, sort: ["name"] } } });
check(departements.data !== undefined && departements.data.meta.total > 100, "départements are listed");
const codes: string[] = departements.data.data.map((departement) => departement.code);
check(codes.includes("82") && codes.includes("2A"), "Tarn-et-Garonne and Corse-du-Sud are among them");

const found = await anyone.GET("/api/v1/communes", { params: { query: { q: "moissac", departement_code: "82" } } });
const moissac = found.data?.data[0];
check(moissac !== undefined && moissac.name === "Moissac", "Moissac is found by name");
const commune = await anyone.GET("/api/v1/communes/{code}", { params: { path: { code: moissac.code } } });
check(commune.data?.departement_code === "82", "Moissac is found by code");

const me = await anct.GET("/api/v1/me");
check(me.data !== undefined && me.data.role === "anct", "the token is that of the ANCT");

const posts = await anct.GET("/api/v1/posts", { params: { query: { limit: 5 } } });
check(posts.data !== undefined && posts.data.meta.limit === 5, "posts are listed");
const [first] = posts.data.data;
if (first) {
    const post = await anct.GET("/api/v1/posts/{id}", { params: { path: { id: first.id } } });
    check(post.data?.reference === first.reference, "one of them is found by its identifier");
}

const recruitments = await anct.GET("/api/v1/recruitments", { params: { query: { limit: 5 } } });
check(recruitments.data !== undefined && recruitments.data.meta.limit === 5, "recruitments are listed");
const [hired] = recruitments.data.data;
if (hired?.candidate_id) {
    const pair = { candidate_id: hired.candidate_id, structure_id: hired.structure_id };
    const why = await anct.GET("/api/v1/matches/explain", { params: { query: pair } });
    check(why.data?.conditions.length === 9, "the matching explains its pair");
}

const missing = await anyone.GET("/api/v1/departements/{code}", { params: { path: { code: "99" } } });
const problem: Problem | undefined = missing.error;
check(missing.response.status === 404, "what does not exist answers 404");
check(problem?.code === "not_found" && problem.status === 404, `its problem is decoded: ${problem?.title}`);
