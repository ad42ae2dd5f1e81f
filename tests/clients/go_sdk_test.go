// AWS's SDK for Go, which Terraform's provider is made with, against `weir serve`.
//
// flags: -url URL -id ACCESS_KEY_ID -secret SECRET [-overloaded]
package weir

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"reflect"
	"sort"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/smithy-go"
)

var (
	url        = flag.String("url", "", "of the server")
	id         = flag.String("id", "", "of the access key")
	secret     = flag.String("secret", "", "of the access key")
	overloaded = flag.Bool("overloaded", false, "the server has too much to do")

	ctx  = context.Background()
	text = aws.String
)

// One that does not try again, unless `options` say otherwise.
func newClient(options ...func(*apigateway.Options)) *apigateway.Client {
	return apigateway.New(apigateway.Options{
		Region:           "us-east-1",
		EndpointResolver: apigateway.EndpointResolverFromURL(*url),
		Credentials:      credentials(*id, *secret),
		Retryer:          aws.NopRetryer{},
	}, options...)
}

func credentials(id, secret string) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, nil
	})
}

// A test of a server that has nothing else to do.
func start(t *testing.T) *apigateway.Client {
	if *overloaded {
		t.Skip("needs a server that answers")
	}
	return newClient()
}

// The output of a call that must succeed.
func must[Output any](output Output, err error) Output {
	if err != nil {
		panic(err)
	}
	return output
}

func equal(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v, want %#v", got, want)
	}
}

// That `err` is of this class, with `message` if that is not "".
func refused[Class smithy.APIError](t *testing.T, err error, message string) Class {
	t.Helper()
	var refusal Class
	if !errors.As(err, &refusal) {
		t.Fatalf("%v is no %T", err, refusal)
	}
	if message != "" {
		equal(t, refusal.ErrorMessage(), message)
	}
	var response *awshttp.ResponseError
	if !errors.As(err, &response) || response.ServiceRequestID() == "" {
		t.Errorf("%v is of no request", err)
	}
	return refusal
}

func operation(op types.Op, path, value string) types.PatchOperation {
	return types.PatchOperation{Op: op, Path: &path, Value: &value}
}

func removal(path string) types.PatchOperation {
	return types.PatchOperation{Op: types.OpRemove, Path: &path}
}

func keyValue(name string) *string { return text(name + "-0123456789abcdef0123") }

func planARN(id *string) *string {
	return text("arn:aws:apigateway:us-east-1::/usageplans/" + *id)
}

func TestUsagePlan(t *testing.T) {
	client := start(t)
	stages := []types.ApiStage{{
		ApiId: text("shop"),
		Stage: text("prod"),
		Throttle: map[string]types.ThrottleSettings{
			"/pets/GET": {RateLimit: 0.1, BurstLimit: 2},
			"//POST":    {}, // zeros, which the SDK leaves out
		},
	}}
	made := must(client.CreateUsagePlan(ctx, &apigateway.CreateUsagePlanInput{
		Name:      text("gold <&> \u2028 ä \x01"),
		ApiStages: stages,
		Throttle:  &types.ThrottleSettings{RateLimit: 0.000001},
		Quota:     &types.QuotaSettings{Limit: 500, Period: "MONTH"},
		Tags:      map[string]string{"team": "a b"},
	}))
	plan := must(client.GetUsagePlan(ctx, &apigateway.GetUsagePlanInput{UsagePlanId: made.Id}))
	equal(t, *plan.Name, "gold <&> \u2028 ä \x01")
	equal(t, plan.ApiStages, stages)
	equal(t, *plan.Throttle, types.ThrottleSettings{RateLimit: 0.000001})
	equal(t, *plan.Quota, types.QuotaSettings{Limit: 500, Period: "MONTH"})
	equal(t, plan.Tags, map[string]string{"team": "a b"})
	equal(t, []*string{plan.Description, plan.ProductCode}, []*string{nil, nil})

	update := func(operations ...types.PatchOperation) (*apigateway.UpdateUsagePlanOutput, error) {
		return client.UpdateUsagePlan(ctx, &apigateway.UpdateUsagePlanInput{
			UsagePlanId: made.Id, PatchOperations: operations})
	}
	changed := must(update(
		operation("replace", "/name", "silver"),
		operation("replace", "/description", ""),
		operation("add", "/apiStages/shop:prod/throttle//a/{id}/GET/rateLimit", "2.5"),
		removal("/quota"),
		removal("/apiStages/shop:prod/throttle/~1pets/GET")))
	equal(t, *changed.Name, "silver")
	equal(t, changed.Quota, (*types.QuotaSettings)(nil))
	equal(t, changed.ApiStages[0].Throttle, map[string]types.ThrottleSettings{
		"/a/{id}/GET": {RateLimit: 2.5}, "//POST": {}})
	equal(t, *must(update()).Name, "silver")

	remove := func() error {
		_, err := client.DeleteUsagePlan(
			ctx, &apigateway.DeleteUsagePlanInput{UsagePlanId: made.Id})
		return err
	}
	refused[*types.BadRequestException](t, remove(), "Cannot delete Usage Plan "+*made.Id+
		" because there are API Stages associated with it, including shop:prod")
	must(update(operation("remove", "/apiStages", "shop:prod")))
	equal(t, remove(), nil)
	refused[*types.NotFoundException](t, remove(), "Invalid Usage Plan ID specified")
}

func TestAPIKey(t *testing.T) {
	client := start(t)
	input := &apigateway.CreateApiKeyInput{
		Name:       text("mobile"),
		Value:      keyValue("mobile"),
		Enabled:    true,
		CustomerId: text("c-1"),
		StageKeys:  []types.StageKey{{RestApiId: text("shop"), StageName: text("prod")}},
	}
	made := must(client.CreateApiKey(ctx, input))
	equal(t, made.StageKeys, []string{"shop/prod"})
	for _, date := range []*time.Time{made.CreatedDate, made.LastUpdatedDate} {
		if age := time.Since(*date); age < -time.Minute || age > 2*time.Minute {
			t.Errorf("made %v ago", age)
		}
	}
	get := func(includeValue *bool) *apigateway.GetApiKeyOutput {
		return must(client.GetApiKey(
			ctx, &apigateway.GetApiKeyInput{ApiKey: made.Id, IncludeValue: includeValue}))
	}
	equal(t, get(aws.Bool(true)).Value, input.Value)
	equal(t, get(aws.Bool(false)).Value, (*string)(nil))
	equal(t, get(nil).Value, (*string)(nil))

	changed := must(client.UpdateApiKey(ctx, &apigateway.UpdateApiKeyInput{
		ApiKey: made.Id,
		PatchOperations: []types.PatchOperation{
			operation("replace", "/enabled", "false"),
			operation("remove", "/stages", "shop/prod"),
		},
	}))
	equal(t, changed.Enabled, false)
	equal(t, len(changed.StageKeys), 0)

	_, err := client.CreateApiKey(ctx, input)
	refused[*types.ConflictException](t, err, "API Key already exists")
	remove := func() error {
		_, err := client.DeleteApiKey(ctx, &apigateway.DeleteApiKeyInput{ApiKey: made.Id})
		return err
	}
	equal(t, remove(), nil)
	refused[*types.NotFoundException](t, remove(), "Invalid API Key identifier specified")
}

func TestKeysOfAPlanAndWhatTheyUse(t *testing.T) {
	client := start(t)
	plan := must(client.CreateUsagePlan(ctx, &apigateway.CreateUsagePlanInput{
		Name:      text("counted"),
		ApiStages: []types.ApiStage{{ApiId: text("go"), Stage: text("s")}},
		Quota:     &types.QuotaSettings{Limit: 10, Period: "DAY"},
	}))
	csv := "name,key,enabled\n"
	for i := 0; i < 5; i++ {
		name := "go-" + strconv.Itoa(i)
		csv += fmt.Sprintf("%s,%s,true\n", name, *keyValue(name))
	}
	imported := must(client.ImportApiKeys(ctx, &apigateway.ImportApiKeysInput{
		Format: "csv", FailOnWarnings: true, Body: []byte(csv)}))
	equal(t, len(imported.Warnings), 0)
	keys := append([]string(nil), imported.Ids...)
	sort.Strings(keys)
	for i := range keys {
		must(client.CreateUsagePlanKey(ctx, &apigateway.CreateUsagePlanKeyInput{
			UsagePlanId: plan.Id, KeyId: &keys[i], KeyType: text("API_KEY")}))
	}

	two := aws.Int32(2)
	var found []string
	planKeys := apigateway.NewGetUsagePlanKeysPaginator(
		client, &apigateway.GetUsagePlanKeysInput{UsagePlanId: plan.Id, Limit: two})
	for planKeys.HasMorePages() {
		for _, key := range must(planKeys.NextPage(ctx)).Items {
			found = append(found, *key.Id)
		}
	}
	sort.Strings(found)
	equal(t, found, keys)

	found = nil
	apiKeys := apigateway.NewGetApiKeysPaginator(
		client, &apigateway.GetApiKeysInput{NameQuery: text("go-"), Limit: two})
	for apiKeys.HasMorePages() {
		for _, key := range must(apiKeys.NextPage(ctx)).Items {
			found = append(found, *key.Id)
		}
	}
	sort.Strings(found)
	equal(t, found, keys)

	plans := must(client.GetUsagePlans(ctx, &apigateway.GetUsagePlansInput{KeyId: &keys[0]})).Items
	equal(t, len(plans), 1)
	equal(t, plans[0].Id, plan.Id)

	for i := 0; i < 3; i++ {
		request := must(http.NewRequest("GET", *url+"/go/s/x", nil))
		request.Header.Set("x-api-key", *keyValue("go-1"))
		must(http.DefaultClient.Do(request)).Body.Close()
	}
	today := time.Now().UTC().Format("2006-01-02")
	usage := map[string][][]int64{}
	usages := apigateway.NewGetUsagePaginator(client, &apigateway.GetUsageInput{
		UsagePlanId: plan.Id, StartDate: &today, EndDate: &today, Limit: two})
	for usages.HasMorePages() {
		page := must(usages.NextPage(ctx))
		if len(page.Items) > 2 {
			t.Errorf("a page of %d", len(page.Items))
		}
		for key, days := range page.Items {
			usage[key] = days
		}
	}
	equal(t, len(usage), len(keys))
	used := imported.Ids[1]
	equal(t, usage[used], [][]int64{{3, 7}})
	more := must(client.UpdateUsage(ctx, &apigateway.UpdateUsageInput{
		UsagePlanId:     plan.Id,
		KeyId:           &used,
		PatchOperations: []types.PatchOperation{operation("replace", "/remaining", "50")},
	}))
	equal(t, more.Items, map[string][][]int64{used: {{3, 50}}})

	key := must(client.GetUsagePlanKey(
		ctx, &apigateway.GetUsagePlanKeyInput{UsagePlanId: plan.Id, KeyId: &used}))
	equal(t, *key.Value, *keyValue("go-1"))
	remove := func() error {
		_, err := client.DeleteUsagePlanKey(
			ctx, &apigateway.DeleteUsagePlanKeyInput{UsagePlanId: plan.Id, KeyId: &used})
		return err
	}
	equal(t, remove(), nil)
	refused[*types.NotFoundException](t, remove(), "")
}

func TestTags(t *testing.T) {
	client := start(t)
	plan := must(client.CreateUsagePlan(
		ctx, &apigateway.CreateUsagePlanInput{Name: text("tagged")}))
	resource := planARN(plan.Id)
	tags := map[string]string{
		"cost centre": "ä/+&=%", "a%2Fb": "", "team-a": "1", "team:a": "2", "größe": "3", "x": ""}
	must(client.TagResource(ctx, &apigateway.TagResourceInput{ResourceArn: resource, Tags: tags}))
	found := func() map[string]string {
		return must(client.GetTags(ctx, &apigateway.GetTagsInput{ResourceArn: resource})).Tags
	}
	equal(t, found(), tags)
	// The SDK sorts them before it encodes them, and signs them in that order.
	must(client.UntagResource(ctx, &apigateway.UntagResourceInput{
		ResourceArn: resource,
		TagKeys:     []string{"cost centre", "a%2Fb", "team-a", "team:a", "größe", "y"},
	}))
	equal(t, found(), map[string]string{"x": ""})
}

func TestIDsAreEscaped(t *testing.T) {
	client := start(t)
	for _, id := range []string{"%", "%2F", "a b", "a/b", "a:b", "a+b", "a?b#c", "ä", "~*", "/"} {
		_, err := client.GetUsagePlan(ctx, &apigateway.GetUsagePlanInput{UsagePlanId: &id})
		refused[*types.NotFoundException](t, err, "Invalid Usage Plan ID specified")
		_, err = client.GetApiKey(ctx, &apigateway.GetApiKeyInput{ApiKey: &id})
		refused[*types.NotFoundException](t, err, "Invalid API Key identifier specified")
	}
	for _, id := range []string{"%", "%2F", "a b", "a:b", "a?b#c"} {
		_, err := client.GetTags(ctx, &apigateway.GetTagsInput{ResourceArn: planARN(&id)})
		refused[*types.NotFoundException](t, err, "Invalid Usage Plan ID specified")
	}
}

func TestErrors(t *testing.T) {
	client := start(t)
	_, err := client.CreateUsagePlan(ctx, &apigateway.CreateUsagePlanInput{
		Name: text("p"), Quota: &types.QuotaSettings{Limit: -1, Period: "DAY"}})
	refused[*types.BadRequestException](
		t, err, "Usage Plan quota limit must be a non-negative numeric")
	stranger := newClient(func(options *apigateway.Options) {
		options.Credentials = credentials(*id, "wrong")
	})
	_, err = stranger.GetUsagePlans(ctx, &apigateway.GetUsagePlansInput{})
	refused[*types.UnauthorizedException](t, err, "")
}

// Says on its output when the server has too much to do.
type observer struct{ client http.Client }

func (o *observer) Do(request *http.Request) (*http.Response, error) {
	response, err := o.client.Do(request)
	if err == nil && response.StatusCode == http.StatusServiceUnavailable {
		fmt.Println("too much")
	}
	return response, err
}

func TestOverload(t *testing.T) {
	if !*overloaded {
		t.Skip("needs a server that has too much to do")
	}
	input := &apigateway.CreateUsagePlanInput{Name: text("p")}
	_, err := newClient().CreateUsagePlan(ctx, input)
	// The SDK has a type for a service's error only where the operation names it.
	refusal := refused[*smithy.GenericAPIError](t, err, "")
	equal(t, refusal.Code, "ServiceUnavailableException")
	var response *awshttp.ResponseError
	errors.As(err, &response)
	after := response.HTTPResponse().Header.Get("Retry-After")
	if seconds := must(strconv.Atoi(after)); seconds < 1 {
		t.Errorf("come again after %d s", seconds)
	}
	patient := newClient(func(options *apigateway.Options) {
		options.HTTPClient = &observer{}
		options.Retryer = retry.NewStandard(func(options *retry.StandardOptions) {
			options.MaxAttempts = 100
			options.MaxBackoff = 100 * time.Millisecond
		})
	})
	must(patient.CreateUsagePlan(ctx, input))
}
