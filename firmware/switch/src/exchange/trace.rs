//! Which SIP dialogs belong to a call, for traces.

use super::Exchange;
use crate::id::CallId;

impl Exchange {
    /// The SIP Call-IDs of a call's legs that are up.
    pub fn sip_call_ids(&self, call: CallId) -> Vec<String> {
        let legs = self.calls.get(&call).map(|call| call.legs.as_slice()).unwrap_or_default();
        legs.iter()
            .filter_map(|leg| self.legs.get(leg)?.sip())
            .filter_map(|leg| self.endpoint.call_id(leg.session))
            .map(String::from)
            .collect()
    }
}
