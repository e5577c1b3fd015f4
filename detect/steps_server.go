package detect

import (
	"fmt"
	"time"

	"github.com/denylens/denylens/ingest"
)

// server is what wrote most of the refused lines, where that is known.
func (s *scene) server() ingest.Server {
	for server, flag := range serverFlags {
		if flag != 0 && s.share(flag) > 0.5 {
			return ingest.Server(server)
		}
	}
	return ingest.ServerUnknown
}

// ownSteps has the steps of servers that are neither nginx nor Apache nor behind
// Cloudflare, as far as they differ from stepsOf.
var ownSteps = [ingest.NumServers]map[string]func(*guide){
	ingest.ServerIIS: {
		"permissions": (*guide).iisPermissions, "ip_block": (*guide).iisAddresses, "server_config": (*guide).iisConfig, "geo_block": (*guide).iisRewrite,
		"cdn_waf_rule": (*guide).iisFilter, "api_version": (*guide).iisRewrite, "rate_limit": (*guide).iisLimit, "ua_rule": (*guide).iisFilter,
		"referer_rule": (*guide).iisRewrite, "undetermined": (*guide).iisTrace,
	},
	ingest.ServerCloudFront: {
		"permissions": (*guide).cloudFrontOrigin, "ip_block": (*guide).awsAddresses, "server_config": (*guide).cloudFrontOrigin, "geo_block": (*guide).cloudFrontCountries,
		"cdn_waf_rule": (*guide).awsRule, "api_version": (*guide).cloudFrontOrigin, "rate_limit": (*guide).awsRule, "ua_rule": (*guide).awsRule,
		"referer_rule": (*guide).awsRule, "undetermined": (*guide).awsRule,
	},
	ingest.ServerALB: {
		"permissions": (*guide).albRules, "ip_block": (*guide).awsAddresses, "server_config": (*guide).albRules, "geo_block": (*guide).awsRule,
		"cdn_waf_rule": (*guide).awsRule, "api_version": (*guide).albRules, "rate_limit": (*guide).awsRule, "ua_rule": (*guide).awsRule,
		"referer_rule": (*guide).awsRule, "undetermined": (*guide).albRules,
	},
}

// iisSection shows a section of IIS' configuration
// (learn.microsoft.com/iis/configuration). Nothing of the log is in it: the shells
// of Windows quote otherwise.
func iisSection(name string) string {
	return `appcmd list config "Default Web Site" /section:system.webServer/` + name
}

func (g *guide) iisPermissions() {
	g.add("Ask as a user who is served, then as one who is refused: the difference is a role or a right", g.curl(`-u "$USER_SERVED"`))
	g.add("IIS: see who may, by rule", iisSection("security/authorization"))
	g.add("IIS: see who may, by the rights of the folder", `icacls C:\inetpub\wwwroot`)
}

func (g *guide) iisAddresses() {
	g.add("IIS: look for the address or network in the rules on addresses", iisSection("security/ipSecurity"))
	g.add("IIS: bans by itself who asks too often, if that is on", iisSection("security/dynamicIpSecurity"))
}

func (g *guide) iisConfig() {
	switch {
	case g.s.whyShare(ingest.WhyNoIndex) > 0.3 || g.s.share(fSlash) > 0.7:
		g.add("IIS: directories are refused: is the index file there, and is it among the default documents?", iisSection("defaultDocument"))
	case g.s.whyShare(ingest.WhyTLSRequired) > 0.3:
		g.add("IIS: the site asks for TLS: redirect http, or ask for less", iisSection("security/access"))
	default:
		g.add("IIS: see what the folder allows: read, script, execute", iisSection("handlers"))
	}
	g.add("IIS: see whether the server may read the files", `icacls C:\inetpub\wwwroot`)
	g.iisTrace()
}

func (g *guide) iisRewrite() {
	g.add("IIS: look for a rule of the URL rewrite module that refuses, and for what it asks", iisSection("rewrite/rules"))
	g.iisTrace()
}

func (g *guide) iisFilter() {
	g.add("IIS: look for a filter that these requests meet", iisSection("security/requestFiltering"))
	g.iisRewrite()
}

func (g *guide) iisLimit() {
	g.add("IIS: compare the limit with what these clients need", iisSection("security/dynamicIpSecurity"))
	g.iisTrace()
}

// iisTrace turns on the tracing of failed requests, which names the module that
// refused.
func (g *guide) iisTrace() {
	g.add("IIS: trace refused requests; the trace, in C:\\inetpub\\logs\\FailedReqLogFiles, names the module that refused", `appcmd configure trace "Default Web Site" /enablesite`)
	g.add("... with a rule for this status", fmt.Sprintf(`appcmd configure trace "Default Web Site" /enable /statuscodes:%d`, g.status()))
}

// status is the commonest status of the refusals.
func (g *guide) status() int64 {
	if v, _ := g.s.statuses.top(); v != 0 {
		return v
	}
	return 403
}

// scope is where AWS WAF keeps the rules of what wrote the log.
func (g *guide) scope() string {
	if g.server == ingest.ServerCloudFront {
		return "--scope CLOUDFRONT" + g.region()
	}
	return "--scope REGIONAL"
}

// region is where all that belongs to CloudFront is; a load balancer is in that
// of who asks.
func (g *guide) region() string {
	if g.server == ingest.ServerCloudFront {
		return " --region us-east-1"
	}
	return ""
}

func (g *guide) awsAddresses() {
	g.add("AWS WAF: look for the address or network in the sets of addresses", "aws wafv2 list-ip-sets "+g.scope())
	g.add("... and in what each of them holds", `aws wafv2 get-ip-set --name "$IP_SET" --id "$IP_SET_ID" `+g.scope())
	if g.server == ingest.ServerALB {
		g.albRules()
	}
}

// awsRule asks AWS WAF what it refused; it remembers three hours.
func (g *guide) awsRule() {
	g.add("AWS WAF: list the rules that may refuse, and their metrics", `aws wafv2 get-web-acl --name "$WEB_ACL" --id "$WEB_ACL_ID" `+g.scope()+" --query 'WebACL.Rules[].[Name,VisibilityConfig.MetricName]' --output table")
	g.add("AWS WAF: see requests that such a rule met (kept for three hours)", `aws wafv2 get-sampled-requests --web-acl-arn "$WEB_ACL_ARN" --rule-metric-name "$METRIC" --max-items 100 --time-window `+g.window()+" "+g.scope())
	g.add("AWS WAF: log every request with the rule that decided, from now on", `aws wafv2 put-logging-configuration --logging-configuration ResourceArn="$WEB_ACL_ARN",LogDestinationConfigs="$LOG_GROUP_ARN"`+g.region())
}

// sampled is how much of an incident is asked for: of the requests in it, AWS
// WAF samples among the first thousands.
const sampled = 10 * time.Minute

func (g *guide) window() string {
	from, until := g.inc.Start.UTC(), g.inc.Start.UTC().Add(sampled)
	if end := g.inc.End; end != nil && end.Before(until) {
		until = end.UTC()
	}
	const layout = "2006-01-02T15:04:05Z"
	return "StartTime=" + from.Format(layout) + ",EndTime=" + until.Format(layout)
}

func (g *guide) cloudFrontCountries() {
	g.add("CloudFront: see the distribution's list of countries", `aws cloudfront get-distribution-config --id "$DISTRIBUTION" --query DistributionConfig.Restrictions.GeoRestriction`)
	g.awsRule()
}

func (g *guide) cloudFrontOrigin() {
	g.add("CloudFront: see which origin and which cache behaviour answer there", `aws cloudfront get-distribution-config --id "$DISTRIBUTION" --query 'DistributionConfig.[Origins.Items[].[Id,DomainName,OriginAccessControlId],CacheBehaviors.Items[].[PathPattern,TargetOriginId,TrustedKeyGroups.Enabled]]'`)
	g.add("S3 as origin: may the distribution read the bucket? Without the right to list it, a missing object is a 403 as well", `aws s3api get-bucket-policy --bucket "$BUCKET" --query Policy --output text`)
	g.awsRule()
}

func (g *guide) albRules() {
	g.add("Load balancer: look for a rule with a fixed response", `aws elbv2 describe-rules --listener-arn "$LISTENER_ARN"`)
	g.add("Load balancer: is a web ACL in front of it?", `aws wafv2 get-web-acl-for-resource --resource-arn "$LOAD_BALANCER_ARN" --query WebACL.Name`)
	if g.s.share(fUpstream) > 0.5 {
		g.add("The target behind it answered: ask it directly", `aws elbv2 describe-target-health --target-group-arn "$TARGET_GROUP_ARN"`)
		if f := stepsOf[g.inc.Cause.ID]; f != nil {
			f(g)
		}
	}
}
