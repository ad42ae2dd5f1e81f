// argv: scenario iterations keys
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "enforcer/enforcer.h"
using namespace weir;
int main(int argc,char**argv){
  std::string sc=argv[1]; long n=atol(argv[2]); int keys=argc>3?atoi(argv[3]):1000;
  Options o; if(getenv("SMALL")) o.huge_pages=false; auto e=*Enforcer::create(o);
  v1::UsagePlan plan; plan.set_name("p"); auto*st=plan.add_api_stages(); st->set_api_id("api"); st->set_stage("prod");
  bool thr=sc=="throttled", oq=sc=="overquota";
  plan.mutable_throttle()->set_rate_limit(thr?0:1e9); plan.mutable_throttle()->set_burst_limit(thr?0:2000000000);
  (*st->mutable_throttle())["/pets/GET"].set_rate_limit(thr?0:1e9); (*st->mutable_throttle())["/pets/GET"].set_burst_limit(thr?0:2000000000);
  plan.mutable_quota()->set_limit(oq?1:1000000000000); plan.mutable_quota()->set_period(v1::MONTH);
  auto id=e->create_usage_plan(plan)->id();
  std::vector<std::string> v;
  for(int i=0;i<keys;i++){ v1::ApiKey k; k.set_id(absl::StrCat("k",i)); k.set_value(absl::StrFormat("a-key-of-forty-characters-%014d",i)); k.set_enabled(true); v.push_back(k.value()); e->create_api_key(k).value(); e->create_usage_plan_key(id,k.id()).value(); }
  Route r=*e->route("api","prod","/pets/GET");
  Instant now=SystemClock().now();
  for(auto&k:v) e->admit({k,r,1,now});
  long s=0; unsigned x=1;
  if(sc=="unknown") for(auto&k:v) k[3]='X';
  for(long i=0;i<n;i++){ x=x*1664525u+1013904223u; now=now+100; s+=e->admit({v[(x>>8)%keys],r,1,now}).admitted(); }
  if(sc=="loop"){ for(int rep=0;rep<n*1000;rep++){ x=x*1664525u+1013904223u; now=now+100; s+=e->admit({v[(x>>8)%keys],r,1,now}).admitted(); } } if(sc=="time"){ double best=1e9,bu=1e9,bb=1e9,bh=1e9; SystemClock ck; 
    std::vector<Call> calls(64); std::vector<Decision> ds(64); std::vector<ClientHandle> hs; for(auto&k:v) hs.push_back(e->resolve(k));
    for(int rep=0;rep<n;rep++){ auto t=ck.now().monotonic; for(int i=0;i<1000;i++){ x=x*1664525u+1013904223u; now=now+100; s+=e->admit({v[(x>>8)%keys],r,1,now}).admitted(); } double d=(ck.now().monotonic-t)/1000.0; if(d<best)best=d;
     t=ck.now().monotonic; for(int i=0;i<1000;i++){ x=x*1664525u+1013904223u; s+=e->admit({v[(x>>8)%keys],r}).admitted(); } d=(ck.now().monotonic-t)/1000.0; if(d<bu)bu=d;
     t=ck.now().monotonic; for(int i=0;i<1000;i++){ x=x*1664525u+1013904223u; now=now+100; Call c; c.client=hs[(x>>8)%keys]; c.route=r; c.now=now; s+=e->admit(c).admitted(); } d=(ck.now().monotonic-t)/1000.0; if(d<bh)bh=d;
     t=ck.now().monotonic; for(int b=0;b<16;b++){ for(int i=0;i<64;i++){x=x*1664525u+1013904223u; calls[i].api_key=v[(x>>8)%keys]; calls[i].route=r; } e->admit(calls,absl::MakeSpan(ds)); s+=ds[5].admitted(); } d=(ck.now().monotonic-t)/1024.0; if(d<bb)bb=d; }
    printf("min ns: supplied %.1f own %.1f handle %.1f batch %.1f\n",best,bu,bh,bb);}
  printf("%ld\n",s);
}
