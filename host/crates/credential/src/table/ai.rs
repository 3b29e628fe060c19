//! Models, and what is built around them.

use crate::{
    check::is_mixed,
    kind::{Before, Kind},
};

pub(super) const KINDS: &[Kind] = &[
    Kind::new(
        "an Anthropic API key",
        "https://docs.anthropic.com/en/api/overview",
        &["sk-ant-"],
        r"sk-ant-[A-Za-z0-9_-]{20}",
    ),
    Kind::new(
        "an OpenRouter API key",
        "https://openrouter.ai/docs/api-reference/authentication",
        &["sk-or-"],
        r"sk-or-v1-[0-9a-f]{60}",
    ),
    Kind::new(
        "an OpenAI API key",
        "https://platform.openai.com/docs/api-reference/authentication",
        &["sk-proj-", "sk-svcacct-", "sk-admin-"],
        r"sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20}",
    ),
    Kind::new(
        "a Langfuse secret key",
        "https://langfuse.com/docs/api-and-data-platform/features/public-api",
        &["sk-lf-"],
        r"sk-lf-[0-9a-f]{8}-[0-9a-f]{4}-",
    ),
    // OpenAI's older keys, DeepSeek's, Moonshot's, and those of proxies in front of them.
    Kind::new(
        "an API key",
        "https://platform.openai.com/docs/api-reference/authentication",
        &["sk-"],
        r"sk-[A-Za-z0-9_-]{20,64}",
    )
    .after(Before::NO_BASE64)
    .checked(is_mixed),
    Kind::new(
        "an ElevenLabs API key",
        "https://elevenlabs.io/docs/api-reference/authentication",
        &["sk_"],
        r"sk_[0-9a-f]{48}(?-u:\b)",
    ),
    Kind::new(
        "a Hugging Face token",
        "https://huggingface.co/docs/hub/security-tokens",
        &["hf_", "api_org_"],
        r"(?:hf|api_org)_[A-Za-z0-9]{32}",
    ),
    Kind::new("a Groq API key", "https://console.groq.com/docs/quickstart", &["gsk_"], r"gsk_[A-Za-z0-9]{48}"),
    Kind::new(
        "a Perplexity API key",
        "https://docs.perplexity.ai/getting-started/quickstart",
        &["pplx-"],
        r"pplx-[A-Za-z0-9]{46}",
    ),
    Kind::new(
        "a Replicate API token",
        "https://replicate.com/docs/reference/http#authentication",
        &["r8_"],
        r"r8_[A-Za-z0-9_-]{35}",
    ),
    Kind::new("an xAI API key", "https://docs.x.ai/docs/tutorial", &["xai-"], r"xai-[A-Za-z0-9]{70}"),
    Kind::new(
        "a Fireworks API key",
        "https://docs.fireworks.ai/api-reference/introduction",
        &["fw_"],
        r"fw_[A-Za-z0-9]{22}(?-u:\b)",
    )
    .checked(is_mixed),
    Kind::new(
        "a LangSmith API key",
        "https://docs.smith.langchain.com/administration/how_to_guides/organization_management/create_account_api_key",
        &["lsv2_"],
        r"lsv2_(?:pt|sk)_[0-9a-f]{32}",
    ),
    Kind::new(
        "a Pinecone API key",
        "https://docs.pinecone.io/guides/projects/manage-api-keys",
        &["pcsk_"],
        r"pcsk_[A-Za-z0-9]{5,8}_[A-Za-z0-9]{50}",
    ),
    Kind::new("an NVIDIA API key", "https://docs.api.nvidia.com/", &["nvapi-"], r"nvapi-[A-Za-z0-9_-]{60}"),
    Kind::new(
        "a Tavily API key",
        "https://docs.tavily.com/documentation/quickstart",
        &["tvly-"],
        r"tvly-(?:dev-|prod-)?[A-Za-z0-9]{30}",
    ),
    Kind::new("a Firecrawl API key", "https://docs.firecrawl.dev/introduction", &["fc-"], r"fc-[0-9a-f]{32}(?-u:\b)"),
    Kind::new("an E2B API key", "https://e2b.dev/docs/api-key", &["e2b_"], r"e2b_[0-9a-f]{40}"),
    Kind::new("a Jina API key", "https://jina.ai/embeddings/", &["jina_"], r"jina_[A-Za-z0-9_-]{50}"),
    Kind::new("a Cerebras API key", "https://inference-docs.cerebras.ai/quickstart", &["csk-"], r"csk-[a-z0-9]{40}")
        .after(Before::NO_BASE64),
];
