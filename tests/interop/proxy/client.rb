# An integration that has Sage's host built in: client.rb [OTHER].
require 'json'
require 'net/http'

API = 'https://api.intacct.com/ia/api/v1/'.freeze
FORM = { grant_type: 'client_credentials', client_id: 'demo', client_secret: 'demo-secret', username: 'ws_user@acme' }.freeze

def ask(url, form: nil, bearer: nil)
  uri = URI(url)
  request = form ? Net::HTTP::Post.new(uri) : Net::HTTP::Get.new(uri)
  request.set_form_data(form) if form
  request['Authorization'] = "Bearer #{bearer}" if bearer
  Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == 'https') { |http| http.request(request) }
end

token = ask("#{API}oauth2/token", form: FORM)
puts "token #{token.code}"
if token.code == '200'
  puts "call #{ask("#{API}objects/accounts-payable/vendor", bearer: JSON.parse(token.body)['access_token']).code}"
end
ARGV.each do |other|
  puts "other #{ask(other).code}"
rescue StandardError => e
  puts "other #{e.message}"
end
